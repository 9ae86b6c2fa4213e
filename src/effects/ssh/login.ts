import type { AnyAuthMethod, AuthHandlerMiddleware, Client } from 'ssh2';
import { messageOf, SlipwayError } from '../../core/index.ts';
import type { Host } from '../../steps/index.ts';
import { agentCertificates } from './agent.ts';
import { parseCertificate } from './certificate.ts';
import type { Ssh2 } from './load.ts';
import { answerPrompts } from './prompts.ts';
import { nameOf } from './trust.ts';
import { type CertifiedKey, requestByCertificate, signerOf } from './user-certificate.ts';

/** One way to prove who we are. `needs` is the server's name for it. */
export type Proof =
  | { readonly type: 'certificate'; readonly needs: 'publickey'; readonly certified: CertifiedKey }
  | { readonly type: 'questions'; readonly needs: 'keyboard-interactive' }
  | { readonly type: 'ssh2'; readonly needs: string; readonly method: AnyAuthMethod };

export interface LoginSources {
  readonly ssh2: Ssh2;
  /** Socket of the SSH agent, when there is one. */
  readonly agentSocket: string | undefined;
  /** The text of a file; undefined when it does not exist. */
  readonly readText: (path: string) => Promise<string | undefined>;
}

/**
 * Read the credentials of a host, in the order in which they are tried: certificate, key, agent, password, keyboard-interactive.
 *
 * @throws {SlipwayError} `SSH_AUTH` when a key cannot be read or there is nothing to try.
 */
export async function proofsOf(host: Host, sources: LoginSources): Promise<readonly Proof[]> {
  const proofs = [...(await keyProofs(host, sources)), ...(await agentProofs(host, sources)), ...passwordProofs(host)];
  if (proofs.length > 0) return proofs;
  throw new SlipwayError('SSH_AUTH', `there is no way to log in to ${nameOf(host)} as ${host.user}`, {
    hint: 'give the host privateKey, agent, password or answers in the inventory, or start an SSH agent',
  });
}

async function keyProofs(host: Host, { ssh2, readText }: LoginSources): Promise<readonly Proof[]> {
  const { privateKey, privateKeyFile, passphrase } = host.login;
  const text = privateKey?.reveal() ?? (privateKeyFile === undefined ? undefined : await readText(privateKeyFile));
  if (text === undefined) {
    if (privateKeyFile === undefined) return [];
    throw new SlipwayError('SSH_AUTH', `the private key ${privateKeyFile} of ${host.name} does not exist`, { hint: 'correct privateKey in the inventory' });
  }
  const parsed = ssh2.utils.parseKey(text, passphrase?.reveal());
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key === undefined || key instanceof Error || !key.isPrivateKey()) throw unreadable(host, key instanceof Error ? key : undefined);
  const plain: Proof = { type: 'ssh2', needs: 'publickey', method: { type: 'publickey', username: host.user, key } };
  const certificate = privateKeyFile === undefined ? undefined : certificateIn(await readText(`${privateKeyFile}-cert.pub`));
  if (!certificate) return [plain];
  return [{ type: 'certificate', needs: 'publickey', certified: { ...certificate, sign: signerOf(key.getPrivatePEM()) } }, plain];
}

function certificateIn(text: string | undefined): Omit<CertifiedKey, 'sign'> | undefined {
  const blob = Buffer.from(text?.trim().split(/\s+/)[1] ?? '', 'base64');
  const certificate = parseCertificate(blob);
  return certificate?.kind === 'user' ? { blob, certificate } : undefined;
}

function unreadable(host: Host, cause: Error | undefined): SlipwayError {
  return new SlipwayError('SSH_AUTH', `the private key of ${host.name} cannot be read: ${cause?.message ?? 'it is a public key'}`, {
    hint: 'give a key in OpenSSH or PEM form, and its passphrase when it has one',
    cause,
  });
}

async function agentProofs(host: Host, sources: LoginSources): Promise<readonly Proof[]> {
  const { agent, privateKey, privateKeyFile, password, answers } = host.login;
  const wanted = agent ?? [privateKey, privateKeyFile, password, answers].every((each) => each === undefined);
  const socket = sources.agentSocket;
  if (!wanted || socket === undefined) {
    if (agent !== true) return [];
    throw new SlipwayError('SSH_AUTH', `${host.name} wants an SSH agent, and there is none`, { hint: 'start ssh-agent and set SSH_AUTH_SOCK' });
  }
  const certified = await agentCertificates(socket).catch((cause: unknown) => {
    throw new SlipwayError('SSH_AUTH', `the SSH agent cannot be used: ${messageOf(cause)}`, { hint: 'check SSH_AUTH_SOCK and ssh-add -l', cause });
  });
  const plain: Proof = { type: 'ssh2', needs: 'publickey', method: { type: 'agent', username: host.user, agent: socket } };
  return [...certified.map((each): Proof => ({ type: 'certificate', needs: 'publickey', certified: each })), plain];
}

function passwordProofs({ user, login: { password, answers } }: Host): readonly Proof[] {
  const plain: readonly Proof[] = password
    ? [{ type: 'ssh2', needs: 'password', method: { type: 'password', username: user, password: password.reveal() } }]
    : [];
  return password || answers ? [...plain, { type: 'questions', needs: 'keyboard-interactive' }] : [];
}

/** The conversation in which the proofs are offered; ssh2 calls it after each refusal. */
export function offerProofs(client: Client, host: Host, proofs: readonly Proof[]): AuthHandlerMiddleware {
  const waiting = [...proofs];
  let started = false;
  const giveUp = false as unknown as AnyAuthMethod; // what ssh2 documents and its types forgot
  return (left: readonly string[] | null, _partial, next) => {
    if (!started) {
      started = true;
      return next({ type: 'none', username: host.user });
    }
    const index = waiting.findIndex((proof) => !left || left.includes(proof.needs));
    const [proof] = index < 0 ? [] : waiting.splice(index, 1);
    if (!proof) return next(giveUp);
    if (proof.type === 'ssh2') return next(proof.method);
    if (proof.type === 'questions') {
      const prompt = answerPrompts(host, (why) => client.emit('error', why));
      return next({ type: 'keyboard-interactive', username: host.user, prompt });
    }
    // Nothing goes to `next`: the request is already on its way, and a refusal calls this function again.
    requestByCertificate(client, host.user, proof.certified).catch((error: unknown) => client.emit('error', error));
  };
}
