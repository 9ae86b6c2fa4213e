import { createPrivateKey } from 'node:crypto';
import type { Client } from 'ssh2';
import { blobString } from './blob.ts';
import type { Certificate } from './certificate.ts';
import { signBlob } from './signature.ts';

/** Algorithm names of an RSA certificate say how it signs, not how the certificate is called inside. */
const SIGNS_WITH: { readonly [plainType: string]: string } = { 'ssh-rsa': 'rsa-sha2-512' };
const USERAUTH_REQUEST = 50;

/** A certificate and something that signs with its private key: a file's key, or an agent. */
export interface CertifiedKey {
  readonly blob: Buffer;
  readonly certificate: Certificate;
  /** `string algorithm, string signature` over data, by the algorithm named. */
  readonly sign: (data: Buffer, algorithm: string) => Promise<Buffer>;
}

interface ProtocolInside {
  readonly _kex: { readonly sessionID: Buffer };
  readonly _authsQueue: string[];
  readonly _packetRW: { readonly write: { readonly allocStart: number; alloc(bytes: number): Buffer; finalize(packet: Buffer): Buffer } };
  readonly _cipher: { encrypt(packet: Buffer): void };
}

/** Sign with a private key held as PEM text. */
export function signerOf(privatePem: string): CertifiedKey['sign'] {
  return (data, algorithm) => Promise.resolve(signBlob(data, algorithm, createPrivateKey(privatePem)));
}

/**
 * Ask to be let in with a certificate (RFC 4252 section 7): one signed request. ssh2's own code writes the
 * certificate algorithm's name into the signature, where servers want the plain one; so the packet is made here.
 */
export async function requestByCertificate(client: Client, user: string, certified: CertifiedKey): Promise<void> {
  const protocol = (client as unknown as { readonly _protocol: ProtocolInside })._protocol; // ssh2 1.17 is pinned; it has no public way
  const signing = SIGNS_WITH[certified.certificate.plainType] ?? certified.certificate.plainType;
  const algorithm = certified.certificate.type.replace(certified.certificate.plainType, signing);
  const request = Buffer.concat([
    Buffer.of(USERAUTH_REQUEST),
    ...[user, 'ssh-connection', 'publickey'].map(blobString),
    Buffer.of(1),
    blobString(algorithm),
    blobString(certified.blob),
  ]);
  const signature = await certified.sign(Buffer.concat([blobString(protocol._kex.sessionID), request]), signing);
  const payload = Buffer.concat([request, blobString(signature)]);
  const { write } = protocol._packetRW;
  const packet = write.alloc(payload.length);
  packet.set(payload, write.allocStart);
  protocol._authsQueue.push('publickey');
  protocol._cipher.encrypt(write.finalize(packet));
}
