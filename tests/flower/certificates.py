"""Certificates and keys of a test's own: an authority, a server on 127.0.0.1, and nodes that sign what they send."""

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PEM, PLAIN = serialization.Encoding.PEM, serialization.NoEncryption()


def key() -> ec.EllipticCurvePrivateKey:
    """On the curve that Flower asks for."""
    return ec.generate_private_key(ec.SECP384R1())


def certificate(subject: str, mine, issuer: str, signer, *extensions) -> x509.Certificate:
    """Valid for a day. extensions: with whether they are critical."""
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(mine.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
    )
    for extension, critical in extensions:
        built = built.add_extension(extension, critical)
    return built.sign(signer, hashes.SHA256())


def write(folder: Path) -> None:
    """ca.pem, server.pem and server.key."""
    authority, server = key(), key()
    ca = certificate("an authority", authority, "an authority", authority, (x509.BasicConstraints(True, None), True))
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")])
    mine = certificate(
        "localhost", server, "an authority", authority, (x509.BasicConstraints(False, None), True), (here, False)
    )  # fmt: skip
    (folder / "ca.pem").write_bytes(ca.public_bytes(PEM))
    (folder / "server.pem").write_bytes(mine.public_bytes(PEM))
    (folder / "server.key").write_bytes(server.private_bytes(PEM, serialization.PrivateFormat.PKCS8, PLAIN))


def write_node(folder: Path, name: str) -> tuple[Path, Path]:
    """A node's key, private and public, as `ssh-keygen -t ecdsa -b 384` writes them."""
    mine = key()
    private, public = folder / name, folder / f"{name}.pub"
    private.write_bytes(mine.private_bytes(PEM, serialization.PrivateFormat.OpenSSH, PLAIN))
    encoding, form = serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    public.write_bytes(mine.public_key().public_bytes(encoding, form))
    return private, public
