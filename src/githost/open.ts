import { type Clock, Secret } from '../core/index.ts';
import type { Adapter } from './adapter.ts';
import { HostError } from './error.ts';
import { guarded } from './guard.ts';
import { createSender, createTurns, type Exchange, type Sender } from './http/index.ts';
import type { GitHost } from './port.ts';
import type { HostSettings, SecretRef } from './settings.ts';

/** What a host needs from outside. */
export interface HostDeps {
  /** One HTTP exchange; `caFile` is that of the settings. */
  readonly exchange: (options: { readonly caFile?: string }) => Exchange;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly chance: () => number;
  readonly secret: (ref: SecretRef) => Promise<Secret>;
  /** Environment for git; only PATH and HOME are used. */
  readonly env: { readonly [name: string]: string | undefined };
}
/** What adapters get. */
export interface Opened {
  readonly sender: Sender;
  readonly clock: Clock;
  readonly env: HostDeps['env'];
  readonly webhookSecrets: readonly Secret[];
  /** Token, or private key of the App. */
  readonly credential: Secret;
}

/** A shorter secret can be guessed. */
const LEAST_SECRET = 16;
/** GitHub asks for a second between writes. */
const WRITE_GAP_MS = 1_000;

/**
 * Open one of the configured hosts. Nothing is sent yet; the client library of a host is loaded only here.
 *
 * @throws {HostError} `HOST_SECRET` for a webhook secret of less than 16 characters, `HOST_PACKAGE` when the client is not installed, and what reading the secrets throws.
 */
export async function openHost(settings: HostSettings, deps: HostDeps): Promise<GitHost> {
  const { kind } = settings;
  const webhookSecrets = await Promise.all(settings.webhookSecrets.map((ref) => deps.secret(ref)));
  for (const [index, secret] of webhookSecrets.entries()) requireStrong(secret, `${settings.name}.webhookSecrets.${index}`);
  const exchange = deps.exchange('caFile' in settings && settings.caFile !== undefined ? { caFile: settings.caFile } : {});
  const sender = createSender({
    exchange,
    clock: deps.clock,
    chance: deps.chance,
    ...(kind === 'github' ? { turns: createTurns(deps.clock, WRITE_GAP_MS) } : {}),
  });
  const credential = 'auth' in settings ? await deps.secret('app' in settings.auth ? settings.auth.app.key : settings.auth.token) : new Secret('');
  const opened = { sender, clock: deps.clock, env: deps.env, webhookSecrets, credential };
  return guarded(await adapterFor(settings, opened));
}

async function adapterFor(settings: HostSettings, opened: Opened): Promise<Adapter> {
  switch (settings.kind) {
    case 'github':
      return (await loaded('@octokit/core', async () => import('./github/index.ts'))).createGithub(settings, opened);
    case 'gitlab':
      return (await loaded('@gitbeaker/rest', async () => import('./gitlab/index.ts'))).createGitlab(settings, opened);
    case 'gitea':
      return (await import('./gitea/index.ts')).createGitea(settings, opened);
    case 'bitbucket':
      return (await import('./bitbucket/index.ts')).createBitbucket(settings, opened);
    case 'bare':
      return (await import('./bare/index.ts')).createBare(settings, opened);
  }
}

/** The clients are loaded for the host that is used only. */
async function loaded<T>(packageName: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if (!(cause instanceof Error) || !('code' in cause) || cause.code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new HostError('HOST_PACKAGE', `the package ${packageName} is not installed`, {
      hint: 'the installation is incomplete: install Slipway again',
      cause,
    });
  }
}

function requireStrong(secret: Secret, where: string): void {
  if (secret.reveal().length >= LEAST_SECRET) return;
  throw new HostError('HOST_SECRET', `${where} has less than ${LEAST_SECRET} characters`, { hint: 'make a new one: openssl rand -hex 32' });
}
