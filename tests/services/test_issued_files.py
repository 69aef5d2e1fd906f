"""What comes out of the whole way, from the press of the operator to the links of the subscriber, judged by others."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

from jcanweb import clock, keys
from jcanweb.config import setting
from jcanweb.database import transaction
from jcanweb.models import Certificate
from jcanweb.pki.profile import MAXIMUM_DAYS
from jcanweb.roles import Role
from jcanweb.services import delivery, issuance
from jcanweb.services import policy as policies
from jcanweb.vocabulary import ApplicationState, SecretKind
from tests import builders
from tests.issued import custodians
from tests.people import officer
from tests.pki.test_judges import findings, needs, run

PEM = Encoding.PEM


@pytest.fixture
def certificate(context: Any) -> Certificate:
    """Issued by the service, with the contents of both deliveries put beside it."""
    with transaction():
        custodians()
        application, operator = builders.application(ApplicationState.APPROVED), officer(Role.OPERATOR)
    with transaction():
        done = issuance.issue(application, version=application.version, by=operator)
    assert done.certificate is not None
    assert done.tokens is not None
    with transaction():
        for kind in SecretKind:
            sent = delivery.find(done.tokens[kind], kind)
            assert sent is not None
            content = delivery.take(sent, done.tokens[kind], by=None)
            (Path(context.instance_path) / kind.value).write_bytes(content)
    return done.certificate


@pytest.fixture
def files(context: Any, certificate: Certificate) -> Path:
    """root, chain, leaf, the published CRL, the PKCS#12 (pfx) and its PIN (pin)"""
    folder = Path(context.instance_path)
    leaf = x509.load_der_x509_certificate(certificate.der)
    crl = x509.load_der_x509_crl(context.test_client().get("/crl/issuing.crl").data)
    for name, made in (
        ("root", keys.issuer().root),
        ("issuing", keys.issuer().certificate),
        ("leaf", leaf),
        ("crl", crl),
    ):
        (folder / f"{name}.pem").write_bytes(made.public_bytes(PEM))
    (folder / "wrong").write_bytes(b"A" * 20)
    return folder


def test_it_follows_the_profile(certificate: Certificate, context: Any) -> None:
    made = x509.load_der_x509_certificate(certificate.der)
    application = certificate.application
    assert [(one.oid, one.value) for one in made.subject] == [
        (NameOID.COUNTRY_NAME, setting("LRA_COUNTRY")), (NameOID.STATE_OR_PROVINCE_NAME, setting("LRA_STATE")),
        (NameOID.LOCALITY_NAME, setting("LRA_LOCALITY")), (NameOID.ORGANIZATION_NAME, setting("LRA_ORGANIZATION")),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, f"CN-{application.corporation.corporate_number}"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, application.organization_unit),
        (NameOID.COMMON_NAME, application.common_name),
    ]  # fmt: skip
    assert 2**64 <= made.serial_number < 2**159
    life = made.not_valid_after_utc - made.not_valid_before_utc + timedelta(seconds=1)
    assert life == timedelta(days=730) < timedelta(days=MAXIMUM_DAYS)
    usage = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    with pytest.raises(x509.ExtensionNotFound):
        made.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
    (policy,) = made.extensions.get_extension_for_class(x509.CertificatePolicies).value
    assert policy.policy_identifier.dotted_string == policies.in_force().oid


def test_the_addresses_in_it_are_those_that_answer(certificate: Certificate, context: Any) -> None:
    made = x509.load_der_x509_certificate(certificate.der)
    (point,) = made.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    (access,) = made.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    assert point.full_name is not None
    addresses = [point.full_name[0].value, access.access_location.value]
    assert [urlsplit(one).path for one in addresses] == ["/crl/issuing.crl", "/ca/issuing.cer"]
    assert all(one.startswith(f"{setting('PUBLIC_URL')}/") for one in addresses)
    crl, issuer = (context.test_client().get(urlsplit(one).path).data for one in addresses)
    issuer = x509.load_der_x509_certificate(issuer)
    made.verify_directly_issued_by(issuer)
    assert x509.load_der_x509_crl(crl).is_signature_valid(issuer.public_key())  # type: ignore[arg-type]  # RSA


@needs("openssl")
def test_openssl_verifies_it_and_opens_the_file(files: Path) -> None:
    said = run(
        "openssl", "verify", "-x509_strict", "-crl_check", "-purpose", "sslclient", "-attime",
        int(clock.now().timestamp()) + 60, "-CAfile", files / "root.pem", "-untrusted", files / "issuing.pem",
        "-CRLfile", files / "crl.pem", files / "leaf.pem",
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    for pin, good in (("pin", True), ("wrong", False)):
        said = run("openssl", "pkcs12", "-in", files / "pfx", "-passin", f"file:{files / pin}", "-noout")
        assert (said.returncode == 0) is good, said.stderr


@needs("keytool")
def test_java_opens_the_file(files: Path, certificate: Certificate) -> None:
    said = run(
        "keytool", "-list", "-v", "-storetype", "PKCS12", "-keystore", files / "pfx", "-storepass:file", files / "pin",
        "-J-Duser.language=en",
    )  # fmt: skip
    assert said.returncode == 0, said.stdout
    assert "Certificate chain length: 3" in said.stdout
    assert certificate.jc_number.lower() in said.stdout.lower()


@needs("pk12util")
def test_nss_takes_the_file(files: Path, certificate: Certificate) -> None:
    (files / "empty").write_text("\n")
    run("certutil", "-N", "-d", f"sql:{files}", "-f", files / "empty")
    said = run(
        "pk12util", "-i", files / "pfx", "-d", f"sql:{files}", "-k", files / "empty", "-w", files / "pin"
    )
    assert said.returncode == 0, said.stderr
    assert certificate.jc_number in run("certutil", "-K", "-d", f"sql:{files}", "-f", files / "empty").stdout


@needs("lint_pkix_cert")
def test_pkilint_has_nothing_against_it(files: Path) -> None:
    for name in ("leaf", "issuing", "root"):
        assert findings("lint_pkix_cert", files / f"{name}.pem") == []
    assert findings("lint_crl", "-t", "CRL", "-p", "PKIX", files / "crl.pem") == []


def test_neither_file_nor_pin_is_left_on_the_server(files: Path, certificate: Certificate) -> None:
    pin = (files / "pin").read_bytes()
    ours = {"pin", "pfx", "wrong"}
    for place, _, names in os.walk(files):
        for name in set(names) - ours:
            assert pin not in (Path(place) / name).read_bytes(), name
