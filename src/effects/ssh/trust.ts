import { createHash } from 'node:crypto';
import { SlipwayError } from '../../core/index.ts';
import { type Host, LEGACY } from '../../steps/index.ts';
import { readBlob } from './blob.ts';
import { CERTIFICATE_SUFFIX, hostCertificateFault, parseCertificate } from './certificate.ts';
import { type KnownHosts, type KnownKey, knownHostsName, parseInventoryKey } from './known-hosts.ts';

const PLAIN_ALGORITHMS = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', 'rsa-sha2-512', 'rsa-sha2-256'];
/** RSA host certificates are left out: the SSH library compares the negotiated name with the name inside, and those differ for RSA. */
const CERTIFIED_ALGORITHMS = PLAIN_ALGORITHMS.filter((name) => !name.startsWith('rsa')).map((name) => name + CERTIFICATE_SUFFIX);

export interface TrustSources {
  /** known_hosts files that exist. */
  readonly files: readonly KnownHosts[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly pemOf: (publicKey: Buffer) => string;
}

/** What one host may present as its key. */
export interface Trust {
  /** Host-key algorithms to offer, those of known keys first. */
  readonly algorithms: readonly string[];
  /** An error when the presented key is not trusted; never trusts what is not known. */
  check(presented: Buffer): SlipwayError | undefined;
}

/** Decide from the inventory's keys, or without any from known_hosts files. Revoked keys of the files count always. */
export function trustOf(host: Host, sources: TrustSources): Trust {
  const ofFiles = sources.files.flatMap((file) => file(host.address, host.port));
  const ofInventory = host.hostKeys.flatMap((text) => parseInventoryKey(text, host.address, host.port));
  const known = host.hostKeys.length > 0 ? [...ofInventory, ...ofFiles.filter((key) => key.marker === 'revoked')] : ofFiles;
  return { algorithms: algorithmsFor(known, host), check: (presented) => checkKey(presented, known, host, sources) };
}

function algorithmsFor(known: readonly KnownKey[], { legacy = [] }: Host): readonly string[] {
  const plain = [...PLAIN_ALGORITHMS, ...legacy.filter((name) => (LEGACY.hostKey as readonly string[]).includes(name))];
  const certified = known.some((key) => key.marker === 'authority') ? CERTIFIED_ALGORITHMS : [];
  const types = known.filter((key) => key.marker === 'key').map((key) => key.type);
  const isKnown = (algorithm: string): boolean => types.includes(algorithm.startsWith('rsa-sha2') ? 'ssh-rsa' : algorithm);
  return [...certified, ...plain.filter(isKnown), ...plain.filter((name) => !isKnown(name))];
}

function checkKey(presented: Buffer, known: readonly KnownKey[], host: Host, sources: TrustSources): SlipwayError | undefined {
  const certificate = parseCertificate(presented);
  const revoked = known.find(
    ({ marker, blob }) => marker === 'revoked' && [presented, certificate?.plainKey, certificate?.authority].some((seen) => seen?.equals(blob)),
  );
  if (revoked) return alarm(host, `presents a key that is marked as revoked in ${revoked.source}`, presented);
  if (certificate) {
    const authority = known.find(({ marker, blob }) => marker === 'authority' && blob.equals(certificate.authority));
    if (!authority) return alarm(host, 'presents a certificate of an authority that is not trusted', certificate.authority);
    const fault = hostCertificateFault(certificate, [host.address.toLowerCase(), host.name], sources.now, sources.pemOf(certificate.authority));
    return fault === undefined ? undefined : alarm(host, `presents a certificate that cannot be trusted: ${fault}`, presented);
  }
  const keys = known.filter(({ marker }) => marker === 'key');
  if (keys.some(({ blob }) => blob.equals(presented))) return undefined;
  return keys.length > 0 ? changed(host, presented, keys) : unknown(host, presented, known);
}

function changed(host: Host, presented: Buffer, keys: readonly KnownKey[]): SlipwayError {
  const wanted = keys.map((key) => `${key.type} ${fingerprint(key.blob)} (${key.source})`).join(' or ');
  return new SlipwayError(
    'SSH_HOST_KEY',
    `the host key of ${nameOf(host)} has changed: saw ${typeOf(presented)} ${fingerprint(presented)}, expected ${wanted}`,
    {
      hint: `somebody may be listening in, or the machine was set up again: find out which, and only then replace the known key with "${lineFor(host, presented)}"`,
    },
  );
}

function unknown(host: Host, presented: Buffer, known: readonly KnownKey[]): SlipwayError {
  const why = known.length > 0 ? 'is not certified by a known authority' : 'is not known';
  return new SlipwayError('SSH_HOST_KEY', `the host key of ${nameOf(host)} ${why}: ${typeOf(presented)} ${fingerprint(presented)}`, {
    hint: `compare the fingerprint on the machine itself (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub), then add this line to known_hosts, or its last two words as hostKey in the inventory: ${lineFor(host, presented)}`,
  });
}

function alarm(host: Host, what: string, key: Buffer): SlipwayError {
  return new SlipwayError('SSH_HOST_KEY', `${nameOf(host)} ${what} (${typeOf(key)} ${fingerprint(key)})`, {
    hint: 'somebody may be listening in: check the machine and the list of known keys before you go on',
  });
}

/** `SHA256:` and base64 without padding, as ssh-keygen prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

function typeOf(key: Buffer): string {
  return readBlob(key).text();
}

function lineFor(host: Host, key: Buffer): string {
  return `${knownHostsName(host.address, host.port)} ${typeOf(key)} ${key.toString('base64')}`;
}

export function nameOf(host: Host): string {
  return host.name === host.address ? `${host.name}:${host.port}` : `${host.name} (${host.address}:${host.port})`;
}
