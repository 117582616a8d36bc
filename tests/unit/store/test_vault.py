import base64
import hashlib
import json

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from crosswalk.errors import ConfigurationError
from crosswalk.store import key_file
from crosswalk.store.vault import Vault

VAULT = Vault.in_memory("one")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_any_json_value_comes_back(value):
    assert VAULT.open(VAULT.seal(value)) == value


@given(st.binary(max_size=5_000))
def test_any_bytes_come_back(value):
    assert VAULT.open(VAULT.seal(value)) == value


def test_a_lone_surrogate_comes_back():
    assert VAULT.open(VAULT.seal({"\ud800": "\x00"})) == {"\ud800": "\x00"}


def test_a_value_sealed_in_the_first_format_is_opened():
    key = Fernet.generate_key()
    key_id = hashlib.sha256(b"key-id:" + key).digest()[:4]
    sealed = b"\x01" + key_id + base64.urlsafe_b64decode(Fernet(key).encrypt(b'j"then"'))
    assert Vault([key.decode()], b"h").open(sealed) == "then"


@given(st.binary(min_size=1, max_size=40), st.data())
def test_a_value_altered_anywhere_is_refused(value, data):
    sealed = bytearray(VAULT.seal(value))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(ConfigurationError):
        VAULT.open(bytes(sealed))


def test_a_value_that_was_cut_is_refused():
    with pytest.raises(ConfigurationError):
        VAULT.open(VAULT.seal("value")[:9])


def test_long_values_are_compressed():
    assert len(VAULT.seal({"text": "all work and no play " * 500})) < 1_000


@pytest.mark.shows("P12")
def test_a_sealed_value_does_not_show_what_it_holds():
    assert b"hunter2" not in VAULT.seal({"password": "hunter2"})


@pytest.mark.shows("P12")
def test_a_vault_does_not_show_its_keys():
    assert repr(VAULT).startswith("<Vault key=")


def test_equal_values_are_sealed_differently():
    assert VAULT.seal("same") != VAULT.seal("same")


def test_an_altered_value_is_refused():
    sealed = bytearray(VAULT.seal("value"))
    sealed[-1] ^= 1
    with pytest.raises(ConfigurationError, match="altered"):
        VAULT.open(bytes(sealed))


@pytest.mark.parametrize("garbage", [b"", b"\x01", b"plain text", b"\x02" + b"0" * 100])
def test_what_was_never_sealed_is_refused(garbage):
    with pytest.raises(ConfigurationError):
        VAULT.open(garbage)


def test_a_value_of_a_lost_key_is_refused_in_words():
    with pytest.raises(ConfigurationError, match="put the old key file back"):
        Vault.in_memory("other").open(VAULT.seal("value"))


def test_an_hmac_is_64_hexadecimal_digits_and_stable():
    assert VAULT.hmac("email=ann@x.example") == Vault.in_memory("one").hmac("email=ann@x.example") != VAULT.hmac("email=bob@x.example")


def test_an_hmac_takes_any_text():
    assert len(VAULT.hmac("\ud800\x00")) == 64


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keys" / "keys.json"


@pytest.fixture
def data_dir(tmp_path):
    return tmp_path / "data"


def test_the_first_start_makes_a_key_file_only_its_owner_can_read(path, data_dir):
    key_file.read_or_create(path, data_dir)
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_next_start_reads_the_same_keys(path, data_dir):
    sealed = key_file.read_or_create(path, data_dir).seal("value")
    assert key_file.read_or_create(path, data_dir).open(sealed) == "value"


def test_a_key_file_inside_the_data_folder_is_refused(data_dir):
    with pytest.raises(ConfigurationError, match="CROSSWALK_KEY_FILE"):
        key_file.read_or_create(data_dir / "keys.json", data_dir)


def test_a_key_file_others_can_read_is_refused(path, data_dir):
    key_file.read_or_create(path, data_dir)
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        key_file.read_or_create(path, data_dir)


def test_a_missing_key_file_beside_data_is_refused(path, data_dir):
    data_dir.mkdir()
    (data_dir / "crosswalk.db").touch()
    with pytest.raises(ConfigurationError, match="put the key file back"):
        key_file.read_or_create(path, data_dir)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"fernet": [], "hmac": "x"}', '{"fernet": ["short"], "hmac": "eA=="}'])
def test_a_file_that_is_no_key_file_is_refused(path, data_dir, content):
    path.parent.mkdir()
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(ConfigurationError):
        key_file.read_or_create(path, data_dir)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path, data_dir):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="CROSSWALK_KEY_FILE"):
        key_file.read_or_create(tmp_path / "file" / "keys.json", data_dir)


def test_a_new_key_seals_and_the_old_one_goes_on_opening(path, data_dir):
    old = key_file.read_or_create(path, data_dir)
    sealed = old.seal("value")
    new = key_file.add_key(path)
    assert (new.open(sealed), new.is_current(sealed), new.is_current(new.reseal(sealed))) == ("value", False, True)


def test_a_resealed_value_needs_the_old_key_no_more(path, data_dir):
    sealed = key_file.read_or_create(path, data_dir).seal("value")
    resealed = key_file.add_key(path).reseal(sealed)
    assert key_file.drop_old_keys(path).open(resealed) == "value"


def test_rotation_keeps_the_hmac_key(path, data_dir):
    before = key_file.read_or_create(path, data_dir).hmac("claim")
    assert key_file.add_key(path).hmac("claim") == before


def test_a_rotated_key_file_is_still_private(path, data_dir):
    key_file.read_or_create(path, data_dir)
    key_file.add_key(path)
    assert (path.stat().st_mode & 0o777, len(json.loads(path.read_text())["fernet"])) == (0o600, 2)
