import { blobList, blobString, readBlob } from './blob.ts';
import { isSignedOnce } from './signature.ts';

/** Fields of the public key that stand between the nonce and the serial number, by key type. */
const KEY_FIELDS: { readonly [plainType: string]: number } = {
  'ssh-ed25519': 1,
  'ssh-rsa': 2,
  'ecdsa-sha2-nistp256': 2,
  'ecdsa-sha2-nistp384': 2,
  'ecdsa-sha2-nistp521': 2,
};
export const CERTIFICATE_SUFFIX = '-cert-v01@openssh.com';

/** An OpenSSH certificate (PROTOCOL.certkeys). */
export interface Certificate {
  /** `ssh-ed25519-cert-v01@openssh.com` */
  readonly type: string;
  /** The same without the suffix. */
  readonly plainType: string;
  /** The certified public key, as a blob of its own. */
  readonly plainKey: Buffer;
  readonly kind: 'user' | 'host' | 'other';
  readonly keyId: string;
  readonly principals: readonly string[];
  /** Seconds since the epoch. */
  readonly validAfter: bigint;
  readonly validBefore: bigint;
  readonly criticalOptions: number;
  /** Blob of the key that signed it. */
  readonly authority: Buffer;
  readonly signed: Buffer;
  readonly signature: Buffer;
}

/** Take a certificate blob apart; undefined when it is not one. The signature is not checked here. */
export function parseCertificate(blob: Buffer): Certificate | undefined {
  try {
    return takeApart(blob);
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined;
    throw thrown;
  }
}

function takeApart(blob: Buffer): Certificate | undefined {
  const reader = readBlob(blob);
  const type = reader.text();
  const plainType = type.endsWith(CERTIFICATE_SUFFIX) ? type.slice(0, -CERTIFICATE_SUFFIX.length) : '';
  const keyFields = KEY_FIELDS[plainType];
  if (keyFields === undefined) return undefined;
  reader.string(); // nonce
  const plainKey = Buffer.concat([blobString(plainType), ...Array.from({ length: keyFields }, () => blobString(reader.string()))]);
  reader.uint64(); // serial number
  const kind = ({ 1: 'user', 2: 'host' } as const)[reader.uint32()] ?? 'other';
  const keyId = reader.string().toString('utf8');
  const principals = blobList(reader.string());
  const validAfter = reader.uint64();
  const validBefore = reader.uint64();
  const criticalOptions = reader.string().length;
  reader.string(); // extensions
  reader.string(); // reserved
  const authority = reader.string();
  const signed = blob.subarray(0, reader.position());
  const signature = reader.string();
  return { type, plainType, plainKey, kind, keyId, principals, validAfter, validBefore, criticalOptions, authority, signed, signature };
}

/** Why a host certificate must not be trusted for these names at this time (ms), or undefined when it may. */
export function hostCertificateFault(certificate: Certificate, names: readonly string[], now: number, authorityPem: string): string | undefined {
  const seconds = BigInt(Math.floor(now / 1_000));
  if (certificate.kind !== 'host') return `it is a ${certificate.kind} certificate`;
  if (certificate.criticalOptions > 0) return 'it has a critical option, and host certificates know none';
  if (seconds < certificate.validAfter) return 'it is not valid yet';
  if (seconds >= certificate.validBefore) return 'it has expired';
  if (!names.some((name) => certificate.principals.includes(name)))
    return `it is for ${certificate.principals.join(', ') || 'no name'}, not for ${names.join(', ')}`;
  if (!isSignedOnce(certificate.signed, certificate.signature, authorityPem)) return 'its signature is wrong';
  return undefined;
}
