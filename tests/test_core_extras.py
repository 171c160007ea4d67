import json

import pytest

from keras_regkit._core.extras import require


def test_module_that_is_there_is_returned():
    assert require("json", extra="app", purpose="Reading") is json
    assert require("os.path", extra="app", purpose="Reading").sep


def test_missing_package_says_how_to_install_it():
    message = r'Drawing needs `no_such_package`: pip install "keras-regkit\[plots\]"'
    with pytest.raises(ImportError, match=message) as caught:
        require("no_such_package.pyplot", extra="plots", purpose="Drawing")
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)
