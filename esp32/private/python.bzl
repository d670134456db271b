"""How actions run Python: nothing that it prints or writes depends on the machine, of which it reads neither locale nor time zone."""

PYTHON_ENV = {
    "LC_ALL": "C",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONUTF8": "1",
    "TZ": "UTC0",
}
