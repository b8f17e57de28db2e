"""Tables of risky names: functions of Python and of well-known libraries, and what they do.

`risks` reads code with these tables. Names match as a whole, or by a prefix that ends at a dot.
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
CLEARS = "clears the user's variables"
PAGE = "runs a script in the page"
UNREADABLE = "cannot be read as Python, so nobody can tell what it does"
UNKNOWN_MAGIC = "uses a magic that is not known here"

_BY_REASON = {
    SHELL: """
        os.system os.popen os.execl os.execle os.execlp os.execlpe os.execv os.execve os.execvp os.execvpe
        os.spawnl os.spawnle os.spawnlp os.spawnlpe os.spawnv os.spawnve os.spawnvp os.spawnvpe os.fork
        os.forkpty os.posix_spawn os.posix_spawnp os.startfile subprocess pty popen2 pexpect plumbum
        fabric invoke.run asyncio.create_subprocess_shell asyncio.create_subprocess_exec
        asyncio.subprocess platform.popen IPython.utils.process webbrowser nt.system posix.system runpy
    """,
    DELETES: """
        os.remove os.unlink os.rmdir os.removedirs os.truncate shutil.rmtree send2trash
        posix.remove posix.unlink posix.rmdir nt.remove nt.unlink
    """,
    NETWORK: """
        requests httpx aiohttp urllib.request.urlopen urllib.request.urlretrieve urllib.request.Request
        urllib.request.build_opener urllib.request.URLopener urllib3 http.client http.server httplib2
        socket.socket socket.create_connection socket.create_server socket.getaddrinfo socket.gethostbyname
        socketserver ssl.wrap_socket asyncio.open_connection asyncio.start_server ftplib smtplib imaplib
        poplib
        nntplib telnetlib xmlrpc.client xmlrpc.server paramiko websocket websockets boto3 botocore s3fs gcsfs
        adlfs google.cloud azure pycurl imageio_ftp openai anthropic huggingface_hub.snapshot_download
        huggingface_hub.hf_hub_download huggingface_hub.upload_file huggingface_hub.upload_folder
        huggingface_hub.HfApi huggingface_hub.InferenceClient wget gdown kaggle selenium playwright scapy
        psycopg psycopg2 pymysql MySQLdb pymongo redis cassandra pika kafka grpc slack_sdk slack telegram
        tweepy twilio torch.hub.load_state_dict_from_url torch.hub.download_url_to_file dns.resolver
        tensorflow.keras.utils.get_file keras.utils.get_file pyodide.http
    """,
    CREDENTIALS: """
        keyring netrc dotenv google.colab.auth google.colab.userdata kaggle_secrets huggingface_hub.get_token
        huggingface_hub.HfFolder getpass.getpass secretstorage browser_cookie3 win32crypt
    """,
    INSTALLS: """
        pip ensurepip micropip.install piplite.install pkg_resources.require setuptools.setup
        distutils.core.setup conda mamba nltk.download spacy.cli.download
    """,
    ENDS: """
        os._exit os.abort os.kill os.killpg sys.exit signal.raise_signal signal.pthread_kill
        psutil.Process.kill psutil.Process.terminate IPython.Application
        ipykernel.kernelapp faulthandler._sigsegv faulthandler._sigabrt exit quit builtins.exit builtins.quit
        thread.interrupt_main _thread.interrupt_main
    """,
    HIDDEN: """
        torch.hub.load marshal.loads code.interact code.InteractiveInterpreter code.InteractiveConsole
        types.CodeType
    """,
    NATIVE: "ctypes cffi _ctypes",
    INTERNALS: "gc.get_objects gc.get_referrers sys._getframe sys.settrace sys.setprofile",
    PAGE: "IPython.display.Javascript IPython.display.display_javascript",
}
DANGEROUS = {name: reason for reason, names in _BY_REASON.items() for name in names.split()}

HARMLESS = {
    "subprocess.PIPE",
    "subprocess.DEVNULL",
    "subprocess.STDOUT",
    "subprocess.CalledProcessError",
    "subprocess.TimeoutExpired",
    "subprocess.CompletedProcess",
    "requests.exceptions",
    "requests.Response",
    "requests.HTTPError",
    "requests.ConnectionError",
    "requests.RequestException",
    "ctypes.sizeof",
    "ctypes.util",
    "http.client.HTTPException",
    "http.client.responses",
    "asyncio.subprocess.PIPE",
    "pip.__version__",
}

METHODS = {
    "unlink": DELETES,
    "rmdir": DELETES,
    "rmtree": DELETES,
    "do_shutdown": ENDS,
    "getoutput": SHELL,
    "create_subprocess_exec": SHELL,
    "__subclasses__": INTERNALS,
    "__globals__": INTERNALS,
    "__builtins__": INTERNALS,
    "__code__": INTERNALS,
    "__closure__": INTERNALS,
    "__reduce_ex__": INTERNALS,
    "f_globals": INTERNALS,
    "f_locals": INTERNALS,
    "f_back": INTERNALS,
}
"""Methods that are risky on any object, whose type is not known without running the code."""

WATCHED = {
    "os", "sys", "subprocess", "shutil", "builtins", "importlib", "socket", "ctypes", "pty", "signal",
    "posix", "nt", "requests", "urllib", "http", "pathlib", "pickle", "marshal", "code", "runpy", "pip",
    "keyring",
}  # fmt: skip
"""Modules for which it is risky to look attributes up by a name made at run time."""

WRITERS = {
    "open": 0, "io.open": 0, "builtins.open": 0, "codecs.open": 0, "gzip.open": 0, "bz2.open": 0,
    "lzma.open": 0, "zipfile.ZipFile": 0, "tarfile.open": 0, "h5py.File": 0, "os.open": 0,
}  # fmt: skip
"""Functions that open a file, with the position of its path; they write if their mode says so."""

TARGETS = {
    "os.rename": 1, "os.renames": 1, "os.replace": 1, "os.link": 1, "os.symlink": 1, "os.mkdir": 0,
    "os.makedirs": 0, "os.chmod": 0, "os.chown": 0, "shutil.copy": 1, "shutil.copy2": 1, "shutil.copyfile": 1,
    "shutil.copytree": 1, "shutil.move": 1, "shutil.unpack_archive": 1, "shutil.make_archive": 0,
    "shutil.chown": 0, "numpy.save": 0, "numpy.savetxt": 0, "numpy.savez": 0, "numpy.savez_compressed": 0,
    "np.save": 0, "np.savetxt": 0, "np.savez": 0, "np.savez_compressed": 0, "joblib.dump": 1, "torch.save": 1,
    "plt.savefig": 0, "matplotlib.pyplot.savefig": 0, "matplotlib.pyplot.imsave": 0, "plt.imsave": 0,
    "cv2.imwrite": 0, "imageio.imwrite": 0, "shelve.open": 0, "dbm.open": 0,
}  # fmt: skip
"""Functions that write to a path, with the position of that argument."""

TARGET_METHODS = re.compile(
    r"to_(?:csv|excel|parquet|json|pickle|html|feather|hdf|stata|xml|latex|markdown|string|netcdf|zarr|orc)"
    r"|write_(?:csv|parquet|json|ipc|excel|html|image|database)|savefig|save|save_model|save_pretrained|imsave"
    r"|extractall|sink_(?:csv|parquet)"
)
"""Methods that write to the path in their first argument."""

PATH_METHODS = {"write_text", "write_bytes", "touch", "mkdir", "symlink_to", "hardlink_to", "chmod", "rename"}
"""Methods of a `pathlib.Path` that write to it; ``rename`` writes to its argument."""

READERS = re.compile(
    r"read_\w+|load\w*|open|urlopen|urlretrieve|imread|download|fetch\w*|scan_\w+|from_\w+"
    r"|connect|create_engine|to_\w+|write_\w+|File|filesystem|retrieve"
)
"""Calls that use the network if they are passed an address."""
ADDRESS = re.compile(
    r"(?:https?|ftps?|s3a?|gs|gcs|az|abfss?|hf|ssh|sftp|wss?|mongodb(?:\+srv)?|redis|mysql\S*|postgres\S*)://",
    re.IGNORECASE,
)

SECRET_PLACES = re.compile(
    r"(?:^|[\\/~])\.(?:ssh|aws|gnupg|netrc|pgpass|git-credentials|kube|docker|azure|npmrc|pypirc|boto"
    r"|password-store|config/(?:gcloud|gh|hub)|cache/huggingface/token)(?:[\\/]|$)"
    r"|\bid_(?:rsa|ed25519|ecdsa|dsa)\b|/etc/(?:shadow|gshadow|sudoers)|/proc/(?:\d+|self)/(?:environ|mem)"
    r"|(?:^|[\\/])\.env(?:\.\w+)?$|\.(?:pem|p12|pfx|kdbx|keystore)$|Login Data$"
    r"|/run/secrets|jpserver-\d+\.json|/runtime/kernel-|service-?account\S*\.json$",
    re.IGNORECASE,
)

_MAGICS = {
    SHELL: "bash sh script system sx cmd perl ruby python2 python3 python pypy",
    INSTALLS: "pip conda mamba micromamba uv",
    DELETES: "rm rmdir",
    OUTSIDE: "mv cp ln",
    CLEARS: "reset reset_selective",
    CREDENTIALS: "env dotenv",
    PAGE: "javascript js html svg",
    HIDDEN: "run load loadpy macro rerun recall edit",
}
MAGICS = {reason: frozenset(names.split()) for reason, names in _MAGICS.items()}
_KNOWN_MAGICS = """
    alias_magic autoawait autocall autoindent automagic bookmark cd colors config debug dhist dirs
    doctest_mode history hist ls lsmagic ll lx mkdir magic man matplotlib notebook pdb pdef pdoc pfile
    pinfo pinfo2 popd
    pprint precision psearch psource pushd pwd pycat pylab quickref rehashx set_env store tb
    unalias unload_ext who who_ls whos xdel xmode latex markdown load_ext reload_ext autoreload
    connect_info qtconsole more less page subplots gui
"""
KNOWN_MAGICS = frozenset(_KNOWN_MAGICS.split())
