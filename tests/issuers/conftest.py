"""An embedded CA made once and copied for each test, and one subscriber's key."""

import shutil
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from jcanweb.issuers.local import LocalIssuer
from jcanweb.issuers.port import Order
from jcanweb.pki.profile import Profile, Subject

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
POLICY = "1.3.6.1.4.1.55555.1.1"
NAMES = {
    "country": "JP",
    "organization": "Sample LRA Co., Ltd.",
    "root_common_name": "Sample Root CA",
    "issuing_common_name": "Sample Issuing CA",
    "root_certificate_url": "http://pki.example.jp/root.cer",
}


@pytest.fixture(scope="session")
def at():
    return AT


@pytest.fixture(scope="session")
def names():
    return NAMES


@pytest.fixture(scope="session")
def made_once(tmp_path_factory):
    directory = tmp_path_factory.mktemp("issuer") / "ca"
    LocalIssuer.create(directory, **NAMES, at=AT)
    return directory


@pytest.fixture
def directory(made_once, tmp_path):
    return shutil.copytree(made_once, tmp_path / "ca")


@pytest.fixture
def issuer(directory):
    return LocalIssuer(directory)


@pytest.fixture(scope="session")
def public_keys():
    """three keys, DER"""
    return [
        rsa.generate_private_key(65537, 2048)
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        for _ in range(3)
    ]


@pytest.fixture
def order(public_keys):
    profile = Profile(
        country="JP",
        state="Tokyo",
        locality="Chiyoda-ku",
        organization="Sample LRA Co., Ltd.",
        policy_oid=POLICY,
        cps_url="",
        cdp_url="http://pki.example.jp/issuing.crl",
        aia_ca_issuers_url="http://pki.example.jp/issuing.cer",
    )
    subject = Subject("7000012050002", "Aozora Construction Co., Ltd.", "Purchasing Dept. General Manager")
    return Order("order-1", profile, subject, 2, public_keys[0], AT)
