"""Tables of risky names: functions of Python and of well-known libraries, and what they do.

`findings` and `check_calls` read code with these tables. Names match as a whole, or by a prefix that ends
at a dot.
"""

from __future__ import annotations

import re

SHELL = "runs a program outside the kernel"
DELETES = "deletes files"
NETWORK = "uses the network"
CREDENTIALS = "reads credentials"
INSTALLS = "installs software"
ENDS = "ends the kernel or another process"
HIDDEN = "runs code that cannot be read beforehand"
NATIVE = "calls native code"
INTERNALS = "reaches into Python's internals"
OUTSIDE = "writes outside the working folder"
OVERWRITES = "overwrites a file that this run did not make"
MOVES = "moves a file that this run did not make"
UNKNOWN_TARGET = "writes to a place that is not known beforehand"
NOTEBOOK_FILE = "writes a notebook's file"
STARTUP = "writes a file that programs read when they start"
DATABASE = "deletes or changes data in a database"
CLEARS = "clears the user's variables"
PAGE = "runs a script in the page"
FETCHES = "makes the page fetch an address"
SWITCHES = "reaches for CodeAct's own settings, keys or journal"
UNREADABLE = "cannot be read as Python, so nobody can tell what it does"
TOO_COMPLEX = "is too long or too deeply nested to be read"
DESTRUCTIVE_TOOL = "calls a tool of an MCP server that may change or delete something"
UNKNOWN_MAGIC = "uses a magic that is not known here"

_BY_REASON = {
    SHELL: """
        os.system os.popen os.execl os.execle os.execlp os.execlpe os.execv os.execve os.execvp os.execvpe
        os.spawnl os.spawnle os.spawnlp os.spawnlpe os.spawnv os.spawnve os.spawnvp os.spawnvpe os.fork
        os.forkpty os.posix_spawn os.posix_spawnp os.startfile subprocess pty popen2 pexpect plumbum sh
        fabric invoke.run invoke.Context asyncio.create_subprocess_shell asyncio.create_subprocess_exec
        asyncio.subprocess platform.popen IPython.utils.process webbrowser nt.system posix.system runpy
        antigravity distutils.spawn IPython.utils.io.system _posixsubprocess
        torch.utils.cpp_extension git.Repo git.Git git.cmd
        delegator crontab docker kubernetes winreg pyautogui pynput keyboard mouse pyperclip
    """,
    DELETES: """
        os.remove os.unlink os.rmdir os.removedirs os.truncate shutil.rmtree send2trash
        posix.remove posix.unlink posix.rmdir nt.remove nt.unlink distutils.dir_util.remove_tree
        tensorflow.io.gfile.remove tensorflow.io.gfile.rmtree tf.io.gfile.remove tf.io.gfile.rmtree
    """,
    NETWORK: """
        requests httpx aiohttp urllib.request.urlopen urllib.request.urlretrieve urllib.request.Request
        urllib.request.build_opener urllib.request.URLopener urllib.request.FancyURLopener
        urllib.request.install_opener urllib3 http.client http.server httplib2
        socket.socket socket.create_connection socket.create_server socket.getaddrinfo socket.gethostbyname
        socket.socketpair socket.gethostbyaddr socket.gethostbyname_ex socket.fromfd
        socketserver ssl.wrap_socket asyncio.open_connection asyncio.start_server ftplib smtplib imaplib
        poplib nntplib telnetlib xmlrpc.client xmlrpc.server wsgiref.simple_server
        multiprocessing.managers multiprocessing.connection paramiko asyncssh
        websocket websockets boto3 botocore aiobotocore s3fs gcsfs
        adlfs google.cloud google.generativeai google.genai googleapiclient azure pycurl imageio_ftp
        openai anthropic cohere groq mistralai replicate together ollama litellm langchain_openai
        langchain_anthropic langchain_community.llms huggingface_hub wget gdown kaggle kagglehub opendatasets
        selenium playwright pyppeteer scapy requests_html mechanize cloudscraper scrapy
        psycopg psycopg2 pymysql MySQLdb mysql.connector mariadb asyncpg aiomysql pymongo motor redis
        cassandra pika kafka confluent_kafka nats paho zmq grpc slack_sdk slack telegram discord
        tweepy praw twilio sendgrid mailchimp yagmail snowflake oracledb cx_Oracle pyodbc pymssql trino
        prestodb pyhive clickhouse_driver clickhouse_connect influxdb influxdb_client elasticsearch
        opensearchpy
        neo4j ibm_db databricks minio dropbox pydrive pydrive2 gspread pysftp fabric2 hdfs
        pyarrow.fs.S3FileSystem
        pyarrow.fs.GcsFileSystem pyarrow.fs.HadoopFileSystem pyarrow.flight
        torch.hub.load_state_dict_from_url torch.hub.download_url_to_file torch.distributed.init_process_group
        torch.distributed.rpc dns.resolver
        tensorflow.keras.utils.get_file keras.utils.get_file tf.keras.utils.get_file pyodide.http js.fetch
        tensorflow_hub.load hub.load tensorflow_datasets.load tfds.load
        datasets.load_dataset_builder datasets.get_dataset_config_names
        gensim.downloader api.load transformers.pipeline sentence_transformers.SentenceTransformer
        sentence_transformers.CrossEncoder whisper.load_model easyocr.Reader
        seaborn.load_dataset seaborn.get_dataset_names statsmodels.api.datasets.get_rdataset
        statsmodels.datasets.get_rdataset sm.datasets.get_rdataset pandas_datareader yfinance wbdata wbgapi
        world_bank_data fredapi quandl nasdaqdatalink alpha_vantage  geopy.geocoders
        osmnx ucimlrepo openml pooch.retrieve pooch.create scipy.datasets wikipedia wikipediaapi arxiv
        feedparser
        pytube yt_dlp youtube_dl ee.Initialize Bio.Entrez Bio.ExPASy pubchempy astroquery
        chembl_webresource_client
        mne.datasets newspaper trafilatura.fetch_url googlesearch duckduckgo_search serpapi wolframalpha
        wandb.init wandb.login wandb.log comet_ml neptune sentry_sdk ray.init dask.distributed.Client
        distributed.Client gradio.Interface gradio.Blocks uvicorn.run streamlit.web ngrok pyngrok
        langchain.chat_models   segment posthog mixpanel
        torchaudio.utils.download_asset torchtext.datasets torchtext.utils.download_from_url
        huggingface_hub.snapshot_download evaluate.load evaluate.combine flair.models flair.embeddings
        flair.datasets stanza.Pipeline geodatasets contextily google.colab.drive
        tushare akshare ccxt nba_api meteostat sodapy eurostat spotipy googlemaps translators deep_translator
        gtts ntplib whois speedtest fastf1 pycaret.datasets.get_data clip.load tiktoken.get_encoding
        tiktoken.encoding_for_model keybert.KeyBERT bertopic.BERTopic paddleocr.PaddleOCR
    """,
    CREDENTIALS: """
        keyring netrc dotenv google.colab.auth google.colab.userdata kaggle_secrets huggingface_hub.get_token
        huggingface_hub.HfFolder getpass.getpass secretstorage browser_cookie3 win32crypt pwd.getpwall
        spwd crypt jupyter_server.serverapp.list_running_servers notebook.notebookapp.list_running_servers
        list_running_servers decouple streamlit.secrets posix.environ nt.environ
        google.auth azure.identity boto3.Session.get_credentials
    """,
    INSTALLS: """
        pip ensurepip micropip.install piplite.install pkg_resources.require setuptools.setup
        distutils.core.setup conda mamba nltk.download spacy.cli.download  setuptools.sandbox
        stanza.download pyppeteer.chromium_downloader spacy.cli._util
    """,
    ENDS: """
        os._exit os.abort os.kill os.killpg sys.exit signal.raise_signal signal.pthread_kill
        psutil.Process.kill psutil.Process.terminate IPython.Application posix.kill posix._exit
        ipykernel.kernelapp faulthandler._sigsegv faulthandler._sigabrt exit quit builtins.exit builtins.quit
        thread.interrupt_main _thread.interrupt_main jupyter_client
    """,
    HIDDEN: """
        torch.hub.load torch.hub.help torch.hub.list marshal.loads marshal.load code.interact
        code.InteractiveInterpreter code.InteractiveConsole codeop types.CodeType
        importlib.util.spec_from_file_location importlib.util.module_from_spec
        importlib.machinery importlib.util.spec_from_loader imp.load_source imp.load_module
        zipimport pkgutil.resolve_name pkgutil.get_loader pydoc.locate
        pydoc.resolve pydoc.safeimport dill.load_session dill.loads cloudpickle.loads
        IPython.core.interactiveshell.InteractiveShell.instance
        papermill nbclient nbconvert.preprocessors.ExecutePreprocessor
    """,
    NATIVE: "ctypes cffi _ctypes llvmlite.binding pyximport cupy.RawModule",
    INTERNALS: """
        gc.get_objects gc.get_referrers gc.get_referents sys._getframe sys.settrace sys.setprofile
        sys._current_frames inspect.currentframe inspect.getclosurevars
        sys.addaudithook sys.meta_path sys.path_hooks threading.settrace threading.setprofile
    """,
    PAGE: "IPython.display.Javascript IPython.display.display_javascript ipylab google.colab.output.eval_js",
    CLEARS: "globals().clear vars().clear locals().clear globals().popitem",
    SWITCHES: "jupyter_codeact",
    DATABASE: """
        sqlalchemy.delete sqlalchemy.update sqlalchemy.schema.DropTable sqlalchemy.sql.delete
        optuna.delete_study
    """,
}
DANGEROUS = {name: reason for reason, names in _BY_REASON.items() for name in names.split()}
DANGEROUS |= {f"__main__.__dict__.{name}": CLEARS for name in ("clear", "pop", "popitem")}
DANGEROUS |= {f"globals().{name}": CLEARS for name in ("pop", "__delitem__")}

HARMLESS = {
    "subprocess.PIPE",
    "subprocess.DEVNULL",
    "subprocess.STDOUT",
    "subprocess.CalledProcessError",
    "subprocess.TimeoutExpired",
    "subprocess.CompletedProcess",
    "subprocess.SubprocessError",
    "requests.exceptions",
    "requests.Response",
    "requests.HTTPError",
    "requests.ConnectionError",
    "requests.RequestException",
    "requests.__version__",
    "requests.utils.quote",
    "ctypes.sizeof",
    "ctypes.util",
    "ctypes.c_double",
    "ctypes.c_int",
    "http.client.HTTPException",
    "http.client.responses",
    "asyncio.subprocess.PIPE",
    "pip.__version__",
    "jupyter_codeact.tool",
    "jupyter_codeact.__version__",
    "openai.__version__",
    "huggingface_hub.__version__",
    "psycopg2.Error",
}

BARE = {
    "rmtree": DELETES,
    "unlink": DELETES,
    "system": SHELL,
    "popen": SHELL,
    "Popen": SHELL,
    "check_output": SHELL,
    "check_call": SHELL,
    "getoutput": SHELL,
    "getstatusoutput": SHELL,
    "urlopen": NETWORK,
    "urlretrieve": NETWORK,
    "environ": CREDENTIALS,
    "load_dotenv": CREDENTIALS,
    "hf_hub_download": NETWORK,
    "snapshot_download": NETWORK,
    "Javascript": PAGE,
    "_exit": ENDS,
}
"""Names that nothing in the notebook defines, and that have one meaning wherever people use them."""

METHODS = {
    "unlink": DELETES,
    "rmdir": DELETES,
    "rmtree": DELETES,
    "rm_file": DELETES,
    "rm": DELETES,
    "do_shutdown": ENDS,
    "ask_exit": ENDS,
    "shutdown_kernel": ENDS,
    "restart_kernel": ENDS,
    "getoutput": SHELL,
    "create_subprocess_exec": SHELL,
    "subprocess_exec": SHELL,
    "subprocess_shell": SHELL,
    "create_connection": NETWORK,
    "__subclasses__": INTERNALS,
    "__globals__": INTERNALS,
    "__builtins__": INTERNALS,
    "__code__": INTERNALS,
    "__closure__": INTERNALS,
    "__reduce_ex__": INTERNALS,
    "__self__": INTERNALS,
    "__loader__": INTERNALS,
    "f_globals": INTERNALS,
    "f_locals": INTERNALS,
    "f_builtins": INTERNALS,
    "f_back": INTERNALS,
    "tb_frame": INTERNALS,
    "gi_frame": INTERNALS,
    "cr_frame": INTERNALS,
    "load_module": HIDDEN,
    "exec_module": HIDDEN,
    "drop_all": DATABASE,
    "drop_table": DATABASE,
    "drop_collection": DATABASE,
    "drop_database": DATABASE,
    "delete_many": DATABASE,
    "delete_one": DATABASE,
    "delete_collection": DATABASE,
    "flushall": DATABASE,
    "flushdb": DATABASE,
    "push_to_hub": NETWORK,
    "upload_file": NETWORK,
    "upload_fileobj": NETWORK,
    "sendmail": NETWORK,
    "send_message": NETWORK,
    "serve_forever": NETWORK,
    "launch": NETWORK,
    "urlopen": NETWORK,
    "urlretrieve": NETWORK,
}
"""Methods that are risky on any object, whose type is not known without running the code."""

METHODS_OF_UNKNOWN = {
    "kill": ENDS,
    "terminate": ENDS,
    "send_signal": ENDS,
    "removedirs": DELETES,
    "load_dotenv": CREDENTIALS,
    "rmtree": DELETES,
}
"""Methods that are risky on an object of which nothing is known."""

WATCHED = {
    "os", "sys", "subprocess", "shutil", "builtins", "importlib", "socket", "ctypes", "pty", "signal",
    "posix", "nt", "requests", "urllib", "http", "pathlib", "pickle", "marshal", "code", "runpy", "pip",
    "keyring", "__builtins__", "psutil", "webbrowser", "jupyter_codeact", "httpx", "get_ipython()",
    "IPython", "IPython.get_ipython()",
}  # fmt: skip
"""Modules for which it is risky to look attributes up by a name made at run time."""

CORE = {
    "os": "os", "_os": "os", "sys": "sys", "_sys": "sys", "subprocess": "subprocess", "shutil": "shutil",
    "_shutil": "shutil", "builtins": "builtins", "importlib": "importlib", "socket": "socket",
    "_socket": "socket", "ctypes": "ctypes", "pty": "pty", "posix": "os", "nt": "os",
    "__builtins__": "builtins",
}  # fmt: skip
"""Modules that other modules keep as attributes (``glob.os``)."""

ALIASES = {
    "np": "numpy", "pd": "pandas", "plt": "matplotlib.pyplot", "sns": "seaborn", "pl": "polars",
    "tf": "tensorflow",
    "sp": "subprocess", "xr": "xarray", "nx": "networkx", "sm": "statsmodels.api", "px": "plotly.express",
    "go": "plotly.graph_objects", "pq": "pyarrow.parquet", "dd": "dask.dataframe", "gpd": "geopandas",
    "yf": "yfinance", "tfds": "tensorflow_datasets",
}  # fmt: skip
"""What these names mean where the notebook does not say."""

EXECUTORS = ("exec", "eval", "compile", "execfile")
IMPORTERS = {"__import__", "builtins.__import__", "importlib.import_module", "importlib.__import__"}
NAMESPACES = {"globals", "locals", "vars"}
UNPICKLERS = {"pickle.loads", "dill.loads", "cloudpickle.loads", "joblib.loads", "jsonpickle.decode"}
_RUNNERS = """
    bdb.Bdb().run cProfile.Profile().run cProfile.run cProfile.runctx
    code.InteractiveConsole().push pdb.Pdb().run pdb.run pdb.runeval profile.run profile.runctx
    timeit.Timer timeit.repeat timeit.timeit trace.Trace().run
"""
RUNNERS = frozenset(_RUNNERS.split())
"""Functions that run their first argument as Python if it is a text."""
_EXPRESSIONS = """
    asteval.Interpreter() numexpr.evaluate pandas.eval simpleeval.simple_eval sympy.lambdify
    sympy.parse_expr sympy.parsing.sympy_parser.parse_expr sympy.sympify
"""
EXPRESSIONS = frozenset(_EXPRESSIONS.split())
"""Functions that evaluate an expression, of which only parts are Python."""

ENVIRONMENTS = {"os.environ", "os.environb"}
ENVIRONMENT_READS = {"get", "pop", "setdefault", "__getitem__"}
ENVIRONMENT_UPDATES = {"update", "setdefault", "__setitem__", "__contains__", "clear", "__delitem__"}

CLIENTS = re.compile(
    r"[A-Z]\w*|client|connect|resource|session|create_connection|socket|service_account|authorize|login"
)
"""What makes the object with which a library uses the network."""

_IPYTHON = """
    __class__ all_ast_transformers colors comm_manager config del_var display_formatter ev events ex
    execute_request execution_count find_line_magic find_magic getoutput getoutput_pcap history_manager
    inspector kernel magic push register_magic_function reset run_ast_nodes run_cell run_cell_async
    run_cell_magic run_code run_line_magic safe_execfile safe_execfile_ipy safe_run_module
    set_custom_exc showtraceback system system_piped system_raw user_global_ns user_ns
"""
IPYTHON = frozenset(_IPYTHON.split())
"""What an object of IPython's shell has; everything else in it reaches into the shell."""
_IPYTHON_HARMLESS = """
    __class__ colors config display_formatter ev ex execution_count find_line_magic find_magic
    history_manager inspector kernel push set_custom_exc showtraceback user_ns
"""
IPYTHON_HARMLESS = frozenset(_IPYTHON_HARMLESS.split())

SECRET_PLACES = re.compile(
    r"(?:^|[\\/~])\.(?:ssh|aws|gnupg|netrc|pgpass|my\.cnf|git-credentials|kube|docker|azure|npmrc|pypirc|boto"
    r"|password-store|vault-token|terraform\.d|htpasswd|(?:bash|zsh|python|psql|mysql|sqlite)_history"
    r"|config/(?:gcloud|gh|hub|rclone|google-chrome|chromium|op)|mozilla"
    r"|cache/huggingface/token|huggingface/token"
    r"|kaggle|databrickscfg|snowsql|streamlit/secrets\.toml|jupyter)(?:[\\/]|$)"
    r"|\bid_(?:rsa|ed25519|ecdsa|dsa)\b|/etc/(?:passwd|shadow|gshadow|sudoers|krb5\.keytab)"
    r"|/proc/(?:\d+|self|[\x00-\x04]+)/(?:environ|mem)"
    r"|(?:^|[\\/])\.env(?:\.\w+)?$|\.(?:pem|p12|pfx|kdbx|keystore|ppk)$|Login Data$|\bcookies\.sqlite$"
    r"|(?:^|[\\/])(?:kaggle|client_secret\S*|credentials?|secrets?|service[-_]?account\S*)"
    r"\.(?:json|ya?ml|toml|ini)$"
    r"|/(?:var/)?run/secrets|jpserver-\S*\.json|nbserver-\S*\.json|/runtime/kernel-|jupyter_cookie_secret"
    r"|codeact[\\/](?:keys\.json|journal\.sqlite|mcp-confirmed\.json)|(?:^|[\\/])keys\.json$|(?:^|[\\/])journal\.sqlite",
    re.IGNORECASE,
)
SCRIPTS = re.compile(
    r"<script|javascript:|application/(?:javascript|ecmascript)"
    r"|\bon(?:error|load|click|mouseover|toggle)\s*=",
    re.IGNORECASE,
)
