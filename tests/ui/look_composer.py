"""A new user: a folder with a CSV and no notebook. Screenshots."""
import sys, re, time
from pathlib import Path
import tempfile, csv, random
from playwright.sync_api import sync_playwright, expect
sys.path.insert(0, '/work/wt/composer'); [sys.modules.pop(k) for k in list(sys.modules) if k=='tests']
from tests.ui.lab import Lab, NotebookPage, PanelPage, TOKEN
from tests.ui.conftest import CHROMIUM, scripted_lab
from tests.scripted import ScriptedModel
OUT = Path('/tmp/composer-shots'); OUT.mkdir(exist_ok=True)
expect.set_options(timeout=30_000)
folder = Path(tempfile.mkdtemp())
def shot(page, name):
    page.screenshot(path=OUT / f'{name}.png'); print(name, flush=True)
with ScriptedModel([]) as served, sync_playwright() as pw:
    served.listed['context_length'] = 16384
    browser = pw.chromium.launch(executable_path='/usr/bin/chromium', args=CHROMIUM)
    lab = scripted_lab(folder, served)
    rows = '\n'.join(f'{d},{d*2+random.random():.2f},{"AB"[d%2]}' for d in range(200))
    (lab.root/'orders.csv').write_text('day,amount,shop\n'+rows+'\n')
    with lab:
        p = PanelPage(browser, lab)
        page = p.page
        expect(page.locator('.jp-Launcher')).to_be_visible()
        time.sleep(2)
        shot(page, '01-launcher')
        page.get_by_text('Open CodeAct').first.click()
        expect(p.task).to_be_visible()
        time.sleep(1.5)
        shot(page, '02-nothing-open')
        cell = "```python\nimport pandas as pd\norders = pd.read_csv('orders.csv')\norders.describe()\n```"
        held = served.held("Now a plot.\n\n```python\norders", ".plot(x='day', y='amount')\n```")
        served.script([cell, "There are 200 orders.", held, "Done.", "A line fits well."])
        page.get_by_role('button', name=re.compile('Load orders.csv')).click()
        p.wait = None
        page.wait_for_function("() => window.jupyterapp.shell.currentWidget?.sessionContext")
        expect(p.task).to_have_value(re.compile('Load orders.csv'))
        time.sleep(1)
        shot(page, '03-drafted')
        p.task.press('Enter')
        expect(p.conversation).to_contain_text('There are 200 orders.', timeout=60000)
        time.sleep(1)
        shot(page, '04-answered')
        print(served.requests[0]['messages'][-1]['content'][:1500])
        p.task.fill('Plot the amount by day.'); p.task.press('Enter')
        expect(p.stop).to_be_visible()
        p.task.fill('Fit a line to it, and say how good the fit is.'); p.task.press('Enter')
        p.task.fill('Then sum up.')
        time.sleep(.7)
        shot(page, '05-queue')
        held.released.set()
        expect(p.conversation).to_contain_text('A line fits well.', timeout=60000)
        time.sleep(.5)
        shot(page, '06-queue-done')
        p.task.fill(''); p.task.type('@')
        time.sleep(1.5); shot(page, '07-at')
        p.task.press('Escape'); p.task.fill('')
        # attach file
        with page.expect_file_chooser() as fc:
            page.get_by_role('button', name='Attach files from your computer').click()
        big = folder/'orders.csv'; big.write_text('a,b\n1,2\n')
        other = folder/'report.pdf'; other.write_bytes(b'%PDF-1.7 '+b'x'*20000)
        fc.value.set_files([str(other), str(big)])
        time.sleep(1.5); shot(page, '08-name-in-use')
        page.get_by_role('button', name='Keep Both').click()
        time.sleep(1); shot(page, '09-chips')
        p.task.fill('/model'); p.task.press('Enter'); time.sleep(2); shot(page, '10-models')
        page.get_by_role('button', name='Add an Endpoint').click(); time.sleep(.5)
        page.get_by_role('combobox', name='Server').select_option('OpenAI'); time.sleep(.3); shot(page, '11-endpoint')
        page.get_by_role('combobox', name='Server').select_option('Ollama')
        page.get_by_role('button', name='Save').click(); time.sleep(2); shot(page, '12-endpoint-fails')
        page.keyboard.press('Escape'); page.keyboard.press('Escape'); time.sleep(.5)
        page.get_by_role('button', name='Back to the conversation').click() if page.get_by_role('button', name='Back to the conversation').is_visible() else None
        for w in (900, 1280, 1920):
            page.set_viewport_size({'width': w, 'height': 900}); time.sleep(.8); shot(page, f'13-{w}-light')
        p.command('apputils:change-theme', theme='JupyterLab Dark'); time.sleep(2)
        for w in (900, 1280, 1920):
            page.set_viewport_size({'width': w, 'height': 900}); time.sleep(.8); shot(page, f'14-{w}-dark')
        p.command('codeact:new-conversation'); time.sleep(1.5); shot(page, '15-first-dark')
        p.command('settingeditor:open', query='CodeAct'); time.sleep(3); shot(page, '16-settings')
        print([e for e in p.errors])
    browser.close()
