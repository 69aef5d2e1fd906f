"""Cryptography only: certificate profile, keys, PKCS#12, vault, CRL, hash tree. Knows no Flask and no
database.

The child process of `enclave` imports this package too, so nothing is imported here.
"""
