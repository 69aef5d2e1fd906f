"""Is a public key one that may be certified? RSA only: size, exponent, small factors, close primes."""

from math import gcd, isqrt, prod

from cryptography.hazmat.primitives.asymmetric import rsa

SMALL_PRIMES = prod(n for n in range(3, 752) if all(n % d for d in range(2, isqrt(n) + 1)))
FERMAT_ROUNDS = 100
"""S/MIME BR §6.1.1.3 / ASVS 11.6.1: a modulus that 100 rounds of Fermat's method factor is refused"""


class KeyRefused(ValueError):
    """The public key may not be certified."""


def check_public_key(key: object, bits: int) -> rsa.RSAPublicKey:
    """The key itself. Raises KeyRefused unless key is RSA of exactly `bits`, exponent 65537 (S/MIME BR
    §6.1.5, §6.1.6), without a factor below 752 and without primes so close that Fermat's method finds
    them."""
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size != bits:
        raise KeyRefused(f"the key is not RSA with {bits} bits")
    numbers = key.public_numbers()
    if numbers.e != 65537:
        raise KeyRefused("the public exponent is not 65537")
    if numbers.n % 2 == 0 or gcd(numbers.n, SMALL_PRIMES) != 1:
        raise KeyRefused("the modulus has a small factor")
    root = isqrt(numbers.n) + 1
    for middle in range(root, root + FERMAT_ROUNDS):
        square = middle * middle - numbers.n
        if isqrt(square) ** 2 == square:
            raise KeyRefused("the primes are too close together")
    return key
