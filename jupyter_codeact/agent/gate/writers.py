"""Tables of functions that write files, read files, or use an address if they are passed one."""

from __future__ import annotations

import re

_OPENERS = """
    open:0:1 io.open:0:1 builtins.open:0:1 codecs.open:0:1 gzip.open:0:1 bz2.open:0:1 lzma.open:0:1
    zipfile.ZipFile:0:1 tarfile.open:0:1 h5py.File:0:1 io.FileIO:0:1 gzip.GzipFile:0:1 bz2.BZ2File:0:1
    lzma.LZMAFile:0:1 os.open:0:1 tables.open_file:0:1 netCDF4.Dataset:0:1 rasterio.open:0:1
    fiona.open:0:1 pandas.HDFStore:0:1 numpy.memmap:0:2 numpy.lib.format.open_memmap:0:1 os.fdopen:0:1
    aiofiles.open:0:1 smart_open.open:0:1 fsspec.open:0:1 zarr.open:0:1 zarr.open_group:0:1
    zarr.open_array:0:1 wave.open:0:1 tensorflow.io.gfile.GFile:0:1 soundfile.SoundFile:0:1
    laspy.open:0:1 tarfile.TarFile:0:1 posix.open:0:1 tempfile.mktemp:0:1 anndata.read_h5ad:0:1
    pathlib.Path.open:0:1 av.open:0:1
"""
OPENERS = {
    name: (int(path), int(mode)) for name, path, mode in (entry.split(":") for entry in _OPENERS.split())
}
"""Functions that open a file: the positions of its path and mode; they write if the mode says so."""
APPENDS_BY_DEFAULT = {"pandas.HDFStore", "numpy.memmap", "zarr.open", "zarr.open_group", "zarr.open_array"}
"""Those that may write without a mode."""

_TARGETS = """
    os.rename:1 os.renames:1 os.replace:1 os.link:1 os.symlink:1 os.mkdir:0 os.makedirs:0 os.chmod:0
    os.chown:0 os.lchown:0 os.utime:0 os.mkfifo:0 os.mknod:0 shutil.copy:1 shutil.copy2:1
    shutil.copyfile:1 shutil.copytree:1 shutil.move:1 shutil.copymode:1 shutil.copystat:1
    shutil.unpack_archive:1 shutil.make_archive:0 shutil.chown:0 numpy.save:0 numpy.savetxt:0
    numpy.savez:0 numpy.savez_compressed:0 joblib.dump:1 torch.save:1 torch.onnx.export:2
    torch.jit.save:1 torchvision.utils.save_image:1 torchaudio.save:0 safetensors.torch.save_file:1
    safetensors.numpy.save_file:1 matplotlib.pyplot.savefig:0 matplotlib.pyplot.imsave:0
    matplotlib.image.imsave:0 cv2.imwrite:0 cv2.VideoWriter:0 imageio.imwrite:0 imageio.mimsave:0
    imageio.mimwrite:0 imageio.get_writer:0 imageio.v2.imwrite:0 imageio.v3.imwrite:0
    imageio.v2.mimsave:0 skimage.io.imsave:0 skimage.io.imwrite:0 tifffile.imwrite:0 tifffile.imsave:0
    tifffile.TiffWriter:0 shelve.open:0 dbm.open:0 dbm.dumb.open:0 dbm.gnu.open:0 pandas.ExcelWriter:0
    xlsxwriter.Workbook:0 logging.FileHandler:0 logging.handlers.RotatingFileHandler:0
    logging.handlers.TimedRotatingFileHandler:0 logging.handlers.WatchedFileHandler:0
    loguru.logger.add:0 logger.add:0 scipy.io.savemat:0 scipy.io.wavfile.write:0 scipy.io.mmwrite:0
    scipy.sparse.save_npz:0 scipy.io.netcdf_file:0 soundfile.write:0 pyarrow.parquet.write_table:1
    pyarrow.csv.write_csv:1 pyarrow.parquet.write_to_dataset:1 pyarrow.feather.write_feather:1
    pyarrow.orc.write_table:1 pyarrow.dataset.write_dataset:1 pyarrow.OSFile:0
    pyarrow.parquet.ParquetWriter:0 fastparquet.write:0 pyreadstat.write_sav:1 pyreadstat.write_dta:1
    feather.write_dataframe:1 networkx.write_gml:1 networkx.write_graphml:1 networkx.write_edgelist:1
    networkx.write_gexf:1 networkx.write_gpickle:1 networkx.write_adjlist:1
    networkx.drawing.nx_pydot.write_dot:1 plotly.offline.plot:9 plotly.io.write_html:1
    plotly.io.write_image:1 bokeh.plotting.output_file:0 bokeh.io.output_file:0 bokeh.plotting.save:1
    bokeh.io.save:1 bokeh.io.export_png:9 matplotlib.backends.backend_pdf.PdfPages:0
    tensorflow.saved_model.save:1 tensorflow.keras.models.save_model:1 keras.models.save_model:1
    keras.callbacks.ModelCheckpoint:0 tensorflow.keras.callbacks.ModelCheckpoint:0
    tensorflow.keras.callbacks.CSVLogger:0 keras.callbacks.CSVLogger:0
    tensorflow.keras.callbacks.TensorBoard:0 torch.utils.tensorboard.SummaryWriter:0
    tensorboardX.SummaryWriter:0 joblib.Memory:0 tensorflow.io.write_file:0
    tensorflow.io.TFRecordWriter:0 tensorflow.io.gfile.copy:1 tensorflow.io.gfile.makedirs:0
    tensorflow.io.gfile.rename:1 nbformat.write:1 mlflow.set_tracking_uri:0 mlflow.sklearn.save_model:1
    mlflow.pyfunc.save_model:0 onnx.save:1 onnx.save_model:1 dill.dump_session:0
    pickleshare.PickleShareDB:0 diskcache.Cache:0 tinydb.TinyDB:0 lmdb.open:0 faiss.write_index:1
    rasterio.shutil.copy:1 nibabel.save:1 SimpleITK.WriteImage:1 pydicom.dcmwrite:0 meshio.write:0
    trimesh.exchange.export.export_mesh:1 Bio.SeqIO.write:1 wfdb.wrsamp:9 anndata.AnnData.write:0
    zarr.save:0 zarr.save_array:0 zarr.save_group:0 zarr.DirectoryStore:0 xarray.save_mfdataset:1
    polars.write_excel:0 sphinx.build:1 fileinput.input:0 distutils.file_util.copy_file:1
    distutils.file_util.move_file:1 distutils.file_util.write_file:0 distutils.dir_util.copy_tree:1
    distutils.dir_util.mkpath:0 pathlib.Path.write_text:0 pathlib.Path.write_bytes:0
    pathlib.Path.touch:0 pathlib.Path.mkdir:0 os.mkdirs:0 compileall.compile_dir:0 py_compile.compile:1
    faulthandler.enable:9 cProfile.Profile().dump_stats:0 pstats.Stats().dump_stats:0
    tracemalloc.Snapshot().dump:0 h2o.export_file:1 h2o.save_model:1 cudf.to_csv:0 pydot.write:0
    graphviz.render:9 ydata_profiling.to_file:0 sqlite_utils.Database:0 dataset.connect:9
    git.Repo.init:0
"""
TARGETS = {name: int(path) for name, path in (entry.split(":") for entry in _TARGETS.split())}
"""Functions that write to a path, with the position of that argument; 9 stands for a keyword only."""

TARGET_METHODS = re.compile(
    r"to_(?:csv|excel|parquet|json|pickle|html|feather|hdf|stata|xml|latex|markdown|string|netcdf|zarr|orc|file"
    r"|avro|ply|disk|graphviz|svg|image|geojson|wkt|fwf|yaml|toml|gexf|folder|png|gbq)"
    r"|write_(?:csv|parquet|json|ipc|excel|html|image|database|avro|ndjson|delta|h5ad|loom|png|pdf|svg|gml|graphml|zarr"
    r"|feather|tsv|dot|dta|sav|stl|vtk)"
    r"|savefig|save|save_model|save_pretrained|save_weights|save_to_disk|save_local|save_word2vec_format|save_state"
    r"|savemat|savez|imsave|imwrite|save_npz|save_checkpoint|save_as|saveAs|saveAsTable|saveAsTextFile|insertInto"
    r"|extractall|extract|sink_(?:csv|parquet|ipc|ndjson)|tofile|dump_model|dump_stats|write_video\w*|write_audiofile"
    r"|write_gif|write_videofile|saveIncr|export|export_graphviz|plot_to_file|output|render|serialize|persist_to|write_pickle"
    r"|write_to_file|dump_to_file|write_xml|write_table|write_dataset"
)
"""Methods that write to the path in their first argument."""
OPTIONAL_TARGETS = re.compile(
    r"export|output|render|serialize|to_svg|to_image|to_graphviz|to_wkt|to_yaml|extract|to_disk"
)
"""Those of which the first argument is a path only if it looks like one."""
MAYBE_TARGETS = {"dump", "write"}
"""Methods and functions that write to the path in their first or second argument, unless that is no path."""
FILE_NAME = re.compile(r"[^\s<>|:*?\"]{1,200}\.\w{1,8}")
"""What looks like a path, and like no other text."""
IN_PLACE = {"save", "saveIncr"}
"""Methods that, without an argument, write to the file that their object was made from."""
DOWNLOADERS = re.compile(r"fetch_\w+|untar_data|download(?:_\w+)?")
"""Functions of libraries that download, whichever the library is."""

_SPARK_TARGETS = "csv insertInto jdbc json orc parquet save saveAsTable start text toTable"
SPARK_TARGETS = frozenset(_SPARK_TARGETS.split())
"""Methods that write on what is the ``write`` of a table."""

_PATH_METHODS = (
    "chmod hardlink_to lchmod link_to mkdir rename replace symlink_to touch write_bytes write_text"
)
PATH_METHODS = frozenset(_PATH_METHODS.split())
"""Methods of a `pathlib.Path` that write to it; ``rename`` and ``replace`` write to their argument."""

_ARGUMENTS = """
    path fname filename file path_or_buf excel_writer dst buf fp f name filepath file_path target where
    fid path_or_stream path_or_handle save_directory out outfile output log_dir logdir save_path dirname
    location path_or_bytes directory filepath_or_buffer root_path store model_path output_path
    folder_name dataset_path filename_or_obj uri excel outname out_file dest destination database sink
    base_dir extract_dir base_name local_dir output_dir default_root_dir paths filename_or_stream
    file_name save_dir handle root
"""
ARGUMENTS = tuple(_ARGUMENTS.split())
"""Usual names of the argument that is the path."""
_ALWAYS_TARGETS = (
    "output_dir cache_dir log_dir logging_dir save_dir extract_dir default_root_dir outdir save_path"
)
ALWAYS_TARGETS = tuple(_ALWAYS_TARGETS.split())
"""Arguments that are a path to write to in any call."""
FILE_OBJECTS = re.compile(
    r"(?:io\.(?:StringIO|BytesIO|TextIOWrapper|BufferedWriter)|StringIO|BytesIO|sys\.(?:stdout|stderr)|tempfile\.\w+"
    r"|\w*\.?ExcelWriter|open|\w+\.open|\w+\.File|\w+\.ZipFile)\b"
)
_FILE_OBJECT_NAMES = """
    bio buf buffer byte_stream csvfile excel_writer f fh fo fout fp handle output_buffer sio stream
    writer zf
"""
FILE_OBJECT_NAMES = frozenset(_FILE_OBJECT_NAMES.split())
"""Names that nothing defines, but that people give to open files rather than to paths."""

READERS = re.compile(
    r"read_\w+|load\w*|open\w*|urlopen|urlretrieve|imread|download\w*|fetch\w*|scan_\w+|from_\w+|get_file"
    r"|connect|create_engine|to_\w+|write_\w+|File|filesystem|retrieve|get_rdataset|parse|urlread|sql|execute"
    r"|Dataset|save|URL|register_\w+|set_tracking_uri|Client|get|post|put|ExcelFile|loadtxt|genfromtxt|csv|json|parquet"
    r"|\w+(?:Loader|Reader|Crawler|Scraper|Fetcher|Session)"
)
"""Calls that use the network if they are passed an address."""
FILE_READERS = re.compile(
    r"read_\w+|scan_\w+|loadtxt|genfromtxt|load|imread|open_dataset|open_dataarray|ExcelFile|HDFStore|File|connect|load_workbook|read"
)
"""Calls that read the file in their first argument."""
ADDRESS = re.compile(
    r"\s*(?:https?|ftps?|s3[an]?|gs|gcs|az|abfss?|adl|hf|ssh|sftp|wss?|hdfs|smb|mongodb(?:\+srv)?|rediss?|mysql\S*|mariadb\S*"
    r"|postgres\S*|oracle\S*|mssql\S*|snowflake|bigquery|trino|clickhouse\S*|redshift\S*|amqps?|dbfs|github|kafka|ldaps?|tcp"
    r"|mqtt|grpc|databricks)://",
    re.IGNORECASE,
)
ADDRESS_NAMES = re.compile(r"(?:[a-z]+_)*(?:url|uri|link|endpoint|href|dsn|api)s?", re.IGNORECASE)
SHOWS_IN_PAGE = re.compile(
    r"(?:IPython\.(?:core\.)?display\.)?(?:Image|IFrame|Video|Audio|YouTubeVideo|VimeoVideo|HTML|SVG|Markdown|Latex)"
)

DATABASES = re.compile(
    r"(?:sqlite3|duckdb|sqlalchemy|psycopg2?|pymysql|mysql|apsw|aiosqlite|peewee|pyodbc|oracledb|dataset|sqlite_utils|records"
    r"|databases|sqlmodel|ibis|snowflake|pandas\.io\.sql)\b"
)
DATABASE_NAMES = re.compile(
    r"(?:\w+_)?(?:con|conn|connection|cur|cursor|c|db|database|engine|session|sess|tx|trans)", re.IGNORECASE
)
_SQL_METHODS = """
    exec exec_driver_sql execute execute_sql executemany executescript raw_sql read_sql read_sql_query
    run_sql sql sql_query sqldf text
"""
SQL_METHODS = frozenset(_SQL_METHODS.split())
