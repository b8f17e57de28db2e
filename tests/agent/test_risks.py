"""What the gate considers risky in a cell, and what not."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_codeact.agent.gate import dangers as d
from jupyter_codeact.agent.gate.risks import RiskReader

FOLDER = Path("/home/user/work")

RISKY = {
    d.SHELL: [
        "import os\nos.system('ls')",
        "os.system('ls')  # imported in an earlier cell",
        "import os as o\no.popen('ls').read()",
        "from os import system as s\ns('ls')",
        "import subprocess as sp\nsp.run(['ls'])",
        "from subprocess import check_output\ncheck_output('ls')",
        "import subprocess\nsubprocess.Popen('ls')",
        "from os import *\nsystem('ls')",
        "run = os.system\nrun('ls')",
        "a, b = 1, os.system\nb('ls')",
        "(run := os.system)('ls')",
        "list(map(os.system, ['ls']))",
        "def f(call=os.system):\n    call('ls')",
        "getattr(os, 'system')('ls')",
        "getattr(os, 'sys' + 'tem')('ls')",
        "__import__('os').system('ls')",
        "import importlib\nimportlib.import_module('subprocess').run('ls')",
        "import importlib as i\nmod = i.import_module('o' + 's')\nmod.system('ls')",
        "import sys\nsys.modules['os'].system('ls')",
        "vars(os)['system']('ls')",
        "os.__dict__['system']('ls')",
        "globals()['os'].system('ls')",
        "exec(\"import os; os.system('ls')\")",
        "eval(\"__import__('os').system('ls')\")",
        "import asyncio\nawait asyncio.create_subprocess_shell('ls')",
        "!ls",
        "files = !ls",
        "%%bash\nls",
        "%sx ls",
        "%%script perl\nprint 1",
        "x = 1\nif x:\n    !ls",
        "get_ipython().system('ls')",
        "get_ipython().run_cell_magic('bash', '', 'ls')",
        "from IPython import get_ipython\nget_ipython().getoutput('ls')",
        "%time os.system('ls')",
        "%timeit -n 1 -r 2 os.system('ls')",
        "%%time\nimport os\nos.system('ls')",
        "import pty; pty.spawn('sh')",
    ],
    d.DELETES: [
        "import os\nos.remove('data.csv')",
        "from os import remove as r\nr('data.csv')",
        "from pathlib import Path\nPath('data.csv').unlink()",
        "p.unlink(missing_ok=True)",
        "for p in Path('.').glob('*'):\n    p.unlink()",
        "import shutil\nshutil.rmtree('out')",
        "%rm data.csv",
        "!rm -rf out",
        "%%sh\ncd out\nrm x",
    ],
    d.OUTSIDE: [
        "open('/etc/hosts', 'w')",
        "with open('../notes.txt', mode='a') as f:\n    f.write('x')",
        "open(os.path.expanduser('~/.bashrc'), 'a').write('x')",
        "path = '/srv/x.csv'\ndf.to_csv(path)",
        "df.to_csv(f'/srv/{name}.csv')",
        "df.to_parquet(path='/srv/x.parquet')",
        "plt.savefig('/srv/x.png')",
        "import numpy as np\nnp.save('/srv/x.npy', a)",
        "from pathlib import Path\nPath('/srv/x').write_text('x')",
        "from pathlib import Path\n(Path.home() / 'x' / 'y').write_bytes(b'')",
        "import pathlib as pl\nbase = pl.Path('/srv')\n(base / 'x.txt').open('w')",
        "import os\nos.makedirs(os.path.join('/srv', 'x'))",
        "import shutil\nshutil.copy('x.csv', '../../x.csv')",
        "import os\nos.rename('/srv/x', 'x')",
        "%%writefile /srv/x.py\nprint(1)",
        "import torch\ntorch.save(model, '/srv/model.pt')",
        "zipfile.ZipFile('x.zip').extractall('/srv')",
        "open('C:\\\\Windows\\\\x.ini', 'w')",
    ],
    d.NETWORK: [
        "import requests\nrequests.get('https://example.org')",
        "import requests as r\nr.Session().post(url, data=x)",
        "from urllib.request import urlopen\nurlopen(url)",
        "import urllib.request as u\nu.urlretrieve(url, 'x')",
        "pd.read_csv('https://example.org/x.csv')",
        "base = 'https://example.org/'\npd.read_csv(base + name)",
        "df.to_csv('s3://bucket/x.csv')",
        "import socket\nsocket.socket().connect(('1.2.3.4', 80))",
        "import httpx\nhttpx.get(url)",
        "import boto3\nboto3.client('s3')",
        "import smtplib\nsmtplib.SMTP('mail')",
        "create_engine('postgresql://host/db')",
        "!curl https://example.org",
    ],
    d.CREDENTIALS: [
        "import os\nos.environ['OPENAI_API_KEY']",
        "import os\nprint(os.environ)",
        "from os import environ as e\ndict(e)",
        "import os\nos.getenv('AWS_SECRET_ACCESS_KEY')",
        "from os import getenv\ngetenv('GITHUB_TOKEN')",
        "os.environ.get(name)",
        "open('/home/user/.ssh/id_rsa').read()",
        "from pathlib import Path\n(Path.home() / '.aws' / 'credentials').read_text()",
        "open('.env').read()",
        "import keyring\nkeyring.get_password('a', 'b')",
        "from dotenv import load_dotenv\nload_dotenv()",
        "%env",
    ],
    d.INSTALLS: [
        "%pip install x",
        "pip install x",
        "!pip install x",
        "!python -m pip install -U x",
        "%conda install x",
        "import pip\npip.main(['install', 'x'])",
        "import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'pip', 'install', 'x'])",
        "import micropip\nawait micropip.install('x')",
    ],
    d.ENDS: [
        "exit()",
        "quit()",
        "import os\nos._exit(0)",
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
        "import sys\nsys.exit()",
        "get_ipython().kernel.do_shutdown(True)",
    ],
    d.HIDDEN: [
        "exec(code)",
        "import base64\nexec(base64.b64decode('cHJpbnQoMSk='))",
        "eval(input())",
        "run = exec\nrun(x)",
        "list(map(eval, lines))",
        "__builtins__.exec(x)",
        "__builtins__['ex' + 'ec'](x)",
        "getattr(os, name)('ls')",
        "__import__(name)",
        "import importlib\nimportlib.import_module(name)",
        "import sys\nsys.modules[name].run()",
        "exec(compile(x, 'x', 'exec'))",
        "import pickle\npickle.loads(b'cos\\nsystem')",
        "import marshal\nmarshal.loads(x)",
        "AutoModel.from_pretrained('x', trust_remote_code=True)",
        "import torch\ntorch.hub.load('a/b', 'c')",
        "%run other.py",
    ],
    d.NATIVE: ["import ctypes\nctypes.CDLL('libc.so.6').system(b'ls')"],
    d.INTERNALS: [
        "().__class__.__bases__[0].__subclasses__()",
        "(lambda: 0).__globals__['os']",
        "f.__code__ = g.__code__",
    ],
    d.CLEARS: ["%reset -f"],
    d.PAGE: ["%%javascript\nalert(1)", "HTML('<script>alert(1)</script>')"],
    d.UNREADABLE: ["print(", "x = 1\npip install x", "x = = 1"],
    d.UNKNOWN_MAGIC: ["%%frob\nDROP TABLE x", "%frobnicate"],
}

ORDINARY = [
    "",
    "# os.system('ls')",
    "'''Do not call os.system or rm -rf.'''",
    "print('os.system(\"ls\")')",
    "print('rm -rf /')",
    "import os, sys, subprocess, socket, shutil, requests, pickle, ctypes",
    "import numpy as np\nimport pandas as pd\nimport matplotlib.pyplot as plt\nimport seaborn as sns",
    "%matplotlib inline",
    "%load_ext autoreload\n%autoreload 2",
    "%%time\ndf.groupby('a').mean()",
    "%timeit -n 10 f(x)",
    "%%capture out\nprint(1)",
    "%cd data\n%pwd\n%ls",
    "%whos",
    "df?\n?df",
    "df = pd.read_csv('data/penguins.csv')\ndf.head()",
    "df = pd.read_csv('/srv/data/penguins.csv')",
    "df = pd.read_csv('../data/x.csv')",
    "df.to_csv('out.csv', index=False)",
    "df.to_csv('./out/x.csv')",
    "df.to_csv('/home/user/work/out/x.csv')",
    "df.to_excel(writer, sheet_name='x')",
    "df.to_json(orient='records')",
    "plt.savefig('figure.png', dpi=200)\nplt.show()",
    "fig, ax = plt.subplots()\nax.plot(x, y)\nfig.savefig(f'{name}.png')",
    "np.save('x.npy', a)\nnp.savetxt('x.txt', a)",
    "with open('notes.txt') as f:\n    text = f.read()",
    "with open('/etc/hosts') as f:\n    text = f.read()",
    "with open('notes.txt', 'w') as f:\n    f.write('x')",
    "import json\njson.dump(x, open('x.json', 'w'))",
    "import pickle\npickle.load(open('model.pkl', 'rb'))",
    "import joblib\njoblib.dump(model, 'model.joblib')",
    "import tarfile\ntarfile.open('/srv/data/x.tar.xz', 'r:xz').extractall('data')",
    "import tempfile\nopen('/tmp/x', 'w').write('x')",
    "import os\nos.makedirs('out', exist_ok=True)\nos.path.join('a', 'b')\nos.listdir('.')",
    "import os\nos.environ['OMP_NUM_THREADS'] = '1'",
    "import os\nos.environ['MY_API_KEY'] = 'x'",
    "import os\nos.environ.get('HOME'), os.getenv('PATH'), 'X' in os.environ, os.cpu_count(), os.getcwd()",
    "os.environ.setdefault('TOKENIZERS_PARALLELISM', 'false')\nos.environ.update(A='1')",
    "from pathlib import Path\nPath('out').mkdir(exist_ok=True)\n(Path('out') / 'x.txt').write_text('x')",
    "df.rename(columns={'a': 'b'})\ndf.replace('a', 'b')\ns.str.replace('/x', 'y')",
    "s.str.extractall(r'/etc/(.*)')\ns.str.extract(r'~(x)')",
    "df.query('a > 1')\ndf.eval('c = a + b')\npd.eval('1 + 1')\nmodel.eval()",
    "re.compile(r'x+')\nast.literal_eval('[1]')",
    "eval('1 + 1')\nexec('x = 1')",
    "getattr(df, name)()\ngetattr(model, 'coef_')\nsetattr(x, 'a', 1)",
    "vars(args)\nglobals().get('df')\nlocals()",
    "from sklearn.datasets import load_iris, fetch_california_housing\nload_iris()",
    "from sklearn.linear_model import LogisticRegression\nLogisticRegression().fit(X, y).predict(X)",
    "from multiprocessing import Pool\nwith Pool(4) as pool:\n    pool.map(f, xs)",
    "import sqlite3\nsqlite3.connect(':memory:').execute('select 1')",
    "sqlite3.connect('/srv/data.db').execute('select 1')",
    "print('see https://example.org')\nurl = 'https://example.org'",
    "from urllib.parse import urlparse\nurlparse('https://example.org')",
    "socket.gethostname()",
    "try:\n    f()\nexcept requests.exceptions.HTTPError:\n    pass",
    "import subprocess\nsubprocess.PIPE",
    "requests = [1, 2]\nrequests.append(3)",
    "def get(requests):\n    return requests.get('x')",
    "for code in codes:\n    code.interact()",
    "def remove(x):\n    return x\nremove(1)",
    "class Path:\n    pass\nPath()",
    "del df\nxs.remove(1)\nxs.pop()\nd.clear()",
    "from IPython.display import HTML, Markdown, display\ndisplay(HTML('<b>x</b>'))",
    "import warnings\nwarnings.filterwarnings('ignore')",
    "import sys\nsys.path.append('..')\nsys.version",
    "authors = os.environ.get('AUTHORS')",
    "text.encode().decode()\nimport base64\nbase64.b64encode(b'x')",
    "isinstance(f, types.FunctionType)\nimport inspect\ninspect.signature(f)",
    "await f()\nasync def g():\n    return 1",
    "x = 1\n%time y = f(x)",
    "names = ['a']\nname = names[0]\nopen(name + '.txt', 'w')",
    "import importlib\nimportlib.reload(helpers)",
    "from my_tools import find\nfind('x')",
]


def risks(source: str, folder: Path | None = None) -> list[str]:
    return RiskReader(folder).read(source)


@pytest.mark.parametrize(
    ("reason", "source"), [(reason, source) for reason, sources in RISKY.items() for source in sources]
)
def test_risky_code_is_recognized(reason: str, source: str) -> None:
    assert any(found.startswith(reason) for found in risks(source, FOLDER)), risks(source, FOLDER)


@pytest.mark.parametrize("source", ORDINARY)
def test_ordinary_code_is_not_risky(source: str) -> None:
    assert risks(source, FOLDER) == []


def test_a_reason_names_the_code_that_it_is_about() -> None:
    assert risks("import subprocess as s\ns.run('ls')\ns.run('ls')") == [f"{d.SHELL} (subprocess.run)"]
    assert risks("open('/etc/hosts', 'w')") == [f"{d.OUTSIDE} (/etc/hosts)"]
    assert risks("!pip install x") == [f"{d.INSTALLS} (pip install x)", f"{d.SHELL} (pip install x)"]


def test_without_a_folder_only_absolute_paths_are_outside() -> None:
    assert risks("open('/home/user/work/x', 'w')") != []
    assert risks("open('x', 'w')") == []


def test_names_from_earlier_cells_are_remembered() -> None:
    reader = RiskReader(FOLDER)
    assert reader.read("import subprocess as s, os as o") == []
    assert reader.read("s.run('ls')") == [f"{d.SHELL} (subprocess.run)"]
    assert reader.read("s = df['a']\ns.run('ls')") == []
    assert reader.read("s.run('ls')") == [f"{d.SHELL} (subprocess.run)"]  # the cell before may have failed


@given(st.text())
def test_any_text_can_be_parsed(source: str) -> None:
    risks(source)


@given(st.lists(st.sampled_from(ORDINARY), max_size=4), st.sampled_from(RISKY[d.SHELL][:20]))
def test_a_risk_is_found_after_any_other_code(others: list[str], risky: str) -> None:
    plain = [source for source in others if not source.startswith(("%%", "df?"))]
    assert any(found.startswith(d.SHELL) for found in risks("\n".join([*plain, risky])))
