import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { blobNumber, blobString, readBlob } from './blob.ts';

const HASH_OF: { readonly [algorithm: string]: string | null } = {
  'ssh-ed25519': null,
  'rsa-sha2-256': 'sha256',
  'rsa-sha2-512': 'sha512',
  'ecdsa-sha2-nistp256': 'sha256',
  'ecdsa-sha2-nistp384': 'sha384',
  'ecdsa-sha2-nistp521': 'sha512',
};
const POINT_BYTES: { readonly [algorithm: string]: number } = { 'ecdsa-sha2-nistp256': 32, 'ecdsa-sha2-nistp384': 48, 'ecdsa-sha2-nistp521': 66 };

const checked = new Map<string, boolean>();
const MOST_CHECKED = 20_000;

/** The same as `isSigned`, remembered: a host shows the same certificate at every connection. */
export function isSignedOnce(data: Buffer, signature: Buffer, publicKeyPem: string): boolean {
  const name = createHash('sha256').update(`${data.length} ${signature.length} `).update(data).update(signature).update(publicKeyPem).digest('base64');
  const present = checked.get(name);
  if (present !== undefined) return present;
  const verdict = isSigned(data, signature, publicKeyPem);
  if (checked.size >= MOST_CHECKED) checked.clear();
  checked.set(name, verdict);
  return verdict;
}

/** Verify an SSH signature (`string algorithm, string blob`) over data. SHA-1 signatures and unknown algorithms are false. */
export function isSigned(data: Buffer, signature: Buffer, publicKeyPem: string): boolean {
  const fields = readBlob(signature);
  const algorithm = fields.text();
  const blob = fields.string();
  const hash = HASH_OF[algorithm];
  if (hash === undefined) return false;
  const key = createPublicKey(publicKeyPem);
  const pointBytes = POINT_BYTES[algorithm];
  if (pointBytes === undefined) return verify(hash, data, key, blob);
  const numbers = readBlob(blob);
  const plain = Buffer.concat([fixed(numbers.string(), pointBytes), fixed(numbers.string(), pointBytes)]);
  return verify(hash, data, { key, dsaEncoding: 'ieee-p1363' }, plain);
}

/** Sign data as SSH does it: `string algorithm, string blob`. */
export function signBlob(data: Buffer, algorithm: string, privateKey: KeyObject): Buffer {
  const hash = HASH_OF[algorithm];
  if (hash === undefined) throw new TypeError(`cannot sign with ${algorithm}`);
  const pointBytes = POINT_BYTES[algorithm];
  const plain = sign(hash, data, pointBytes === undefined ? privateKey : { key: privateKey, dsaEncoding: 'ieee-p1363' });
  const blob = pointBytes === undefined ? plain : Buffer.concat([blobNumber(plain.subarray(0, pointBytes)), blobNumber(plain.subarray(pointBytes))]);
  return Buffer.concat([blobString(algorithm), blobString(blob)]);
}

function fixed(number: Buffer, bytes: number): Buffer {
  const digits = number.subarray(Math.max(0, number.length - bytes));
  return Buffer.concat([Buffer.alloc(bytes - digits.length), digits]);
}
