"""One root, one issuing CA, one subscriber's key and three officers for all tests of this folder."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from jcanweb.pki.authority import Authority, create_issuing, create_root
from jcanweb.pki.officer_key import OfficerKey, new_officer_key
from jcanweb.pki.profile import Profile, Subject, build, new_serial

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
POLICY = "1.3.6.1.4.1.55555.1.1"


@dataclass(frozen=True)
class Ca:
    root: Authority
    issuing: Authority

    def certify(self, profile: Profile, subject: Subject, key: rsa.RSAPrivateKey) -> x509.Certificate:
        builder = build(profile, subject, 2, key.public_key(), self.issuing.certificate, new_serial(), AT)
        return builder.sign(self.issuing.key, hashes.SHA256())


@pytest.fixture(scope="session")
def at():
    return AT


@pytest.fixture(scope="session")
def ca():
    root = create_root("JP", "Sample LRA Co., Ltd.", "Sample Root CA", AT)
    url = "http://pki.example.jp/root.cer"
    return Ca(root, create_issuing(root, "JP", "Sample LRA Co., Ltd.", "Sample Issuing CA", url, AT))


@pytest.fixture(scope="session")
def profile():
    return Profile(
        country="JP",
        state="Tokyo",
        locality="Chiyoda-ku",
        organization="Sample LRA Co., Ltd.",
        policy_oid=POLICY,
        cps_url="https://pki.example.jp/cps",
        cdp_url="http://pki.example.jp/issuing.crl",
        aia_ca_issuers_url="http://pki.example.jp/issuing.cer",
    )


@pytest.fixture(scope="session")
def subject():
    return Subject("7000012050002", "Aozora Construction Co., Ltd.", "Purchasing Dept. General Manager")


@pytest.fixture(scope="session")
def subscriber_key():
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="session")
def certificate(ca, profile, subject, subscriber_key):
    return ca.certify(profile, subject, subscriber_key)


@dataclass(frozen=True)
class Holder:
    """An officer who holds a share; the passphrase is an invented one."""

    officer_id: str
    key: OfficerKey
    passphrase: str

    @property
    def officer(self):
        return self.officer_id, self.key.public_key


@pytest.fixture(scope="session")
def holders():
    """key custodian, PIN custodian, security officer"""
    passphrase = "seven grey herons"
    return {
        name: Holder(str(number), new_officer_key(passphrase, iterations=1000), passphrase)
        for number, name in enumerate(("key", "pin", "security"), 11)
    }


@pytest.fixture(scope="session")
def changed():
    return replace
