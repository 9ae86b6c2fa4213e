import { connect } from 'node:net';
import { blobString, readBlob } from './blob.ts';
import { parseCertificate } from './certificate.ts';
import type { CertifiedKey } from './user-certificate.ts';

const REQUEST_IDENTITIES = 11;
const IDENTITIES = 12;
const SIGN_REQUEST = 13;
const SIGNATURE = 14;
const RSA_SHA512 = 4;
const ANSWER_TIMEOUT_MS = 10_000;

/**
 * The certificates an SSH agent holds. ssh2's own agent client skips them; plain keys it serves well.
 *
 * @throws {Error} when the agent cannot be reached.
 */
export async function agentCertificates(socketPath: string): Promise<readonly CertifiedKey[]> {
  const answer = await ask(socketPath, Buffer.of(REQUEST_IDENTITIES));
  if (answer[0] !== IDENTITIES) throw new Error('the SSH agent does not list its keys');
  const reader = readBlob(answer.subarray(1));
  return Array.from({ length: reader.uint32() }, () => ({ blob: reader.string(), comment: reader.string() })).flatMap(({ blob }) => {
    const certificate = parseCertificate(blob);
    return certificate?.kind === 'user' ? [{ blob, certificate, sign: (data, algorithm) => signByAgent(socketPath, blob, data, algorithm) }] : [];
  });
}

async function signByAgent(socketPath: string, blob: Buffer, data: Buffer, algorithm: string): Promise<Buffer> {
  const flags = Buffer.alloc(4);
  flags.writeUInt32BE(algorithm === 'rsa-sha2-512' ? RSA_SHA512 : 0);
  const answer = await ask(socketPath, Buffer.concat([Buffer.of(SIGN_REQUEST), blobString(blob), blobString(data), flags]));
  if (answer[0] !== SIGNATURE) throw new Error('the SSH agent refuses to sign');
  return readBlob(answer.subarray(1)).string();
}

function ask(socketPath: string, message: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const socket = connect(socketPath, () => socket.write(blobString(message)));
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy(new Error('the SSH agent does not answer')));
    socket.on('data', (bytes: Buffer) => {
      received = Buffer.concat([received, bytes]);
      if (received.length < 4 || received.length < 4 + received.readUInt32BE()) return;
      resolve(received.subarray(4, 4 + received.readUInt32BE()));
      socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the SSH agent hung up')));
  });
}
