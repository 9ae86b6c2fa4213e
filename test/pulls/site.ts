import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { WorldRequest } from '../../src/app/index.ts';
import { createMasker } from '../../src/core/index.ts';
import type { HostRequest, HostUser } from '../../src/githost/index.ts';
import type { Parts } from '../../src/serve.ts';
import type { Pull, Remark } from '../fakes/forge/forge.ts';
import type { Fake } from '../fakes/forge/server.ts';
import { type Answer, until } from '../server/site.ts';
import { type Dialect, type ForgeSite, openForgeSite } from '../githost/forge-site.ts';
import { FILES } from './estate.ts';
import { sendTo, settingsText, startServer, type Starting } from './served.ts';

/** Other tests run on the same machine. */
const PATIENCE_MS = 120_000;

/** A host with a repository, and a server that looks after its pull requests. */
export interface LoopSite extends AsyncDisposable {
  readonly git: ForgeSite<Fake>;
  readonly carl: HostUser;
  readonly dir: string;
  /** Of the server that runs now. */
  parts: Parts;
  /** What was opened to plan or run something. */
  readonly worlds: readonly WorldRequest[];
  readonly logged: readonly { readonly [field: string]: unknown }[];
  /** Webhooks of everything that happened since, sent to the server. @returns what was sent. */
  tell(): Promise<readonly HostRequest[]>;
  send(delivery: HostRequest): Promise<Answer>;
  /** A pull request of Ada, or of a fork, told to the server. */
  propose(branch: string, files: { readonly [path: string]: string }, options?: { readonly by?: HostUser; readonly fork?: boolean }): Promise<number>;
  /** Say something; gives back the answer once it is there. */
  say(by: HostUser, number: number, text: string): Promise<Remark>;
  /** The one comment, once it says this. */
  comment(number: number, what: RegExp): Promise<string>;
  /** Last state of a status of the head, once it is this. */
  status(number: number, context: string, state: string): Promise<string>;
  runs(): Promise<readonly { readonly id: string; readonly runbook: string; readonly state: string; readonly planDigest: string }[]>;
  /** Everything that was asked for is done. */
  quiet(): Promise<void>;
  /** The server leaves in good order, and another one comes. */
  restart(): Promise<void>;
  /** The server dies the next time the host has done what it asked for, the nth time from now; it never hears that, and writes nothing any more. Another one comes much later. */
  dieAtWrite(nth: number): Promise<void>;
  remarks(number: number): readonly Remark[];
  pull(number: number): Pull;
}

/** What one suite wants otherwise. */
export interface LoopWishes extends Pick<Starting, 'stacks' | 'ahead'> {
  /** On the default branch, beside those of everybody. */
  readonly files?: { readonly [path: string]: string };
}

export async function openLoopSite<F extends Fake>(dialect: Dialect<F>, { files: more = {}, ...starting }: LoopWishes = {}): Promise<LoopSite> {
  const git = await openForgeSite(dialect);
  const dir = mkdtempSync(join(tmpdir(), 'slipway-loop-'));
  await git.commit({ branch: 'main', files: { ...FILES, ...more } });
  const carl = git.forge.person('carl');
  git.repository.members.set('carl', 'write');
  await git.deliveries(0);
  const worlds: WorldRequest[] = [];
  const logged: { [field: string]: unknown }[] = [];
  const start = () =>
    startServer({ settings: settingsText(git), secrets: dialect.secrets(git.fake, git.forge.person('slipway-bot')), dir, worlds, logged, ...starting });
  let server = await start();
  const bot = git.forge.person('slipway-bot');
  const pull = (number: number): Pull => {
    const found = git.repository.pulls[number - 1];
    if (!found) throw new Error(`no pull request ${number}`);
    return found;
  };
  const send = (delivery: HostRequest): Promise<Answer> => sendTo(server, delivery);
  const tell = async (): Promise<readonly HostRequest[]> => {
    const sent = await git.deliveries(0);
    for (const delivery of sent) {
      const { status, text } = await send(delivery);
      if (status !== 202) throw new Error(`${status} ${text}`);
    }
    return sent;
  };
  const remarks = (number: number): readonly Remark[] => pull(number).remarks.filter(({ author }) => author === bot);
  const quiet = (): Promise<void> =>
    until(
      () => `no work is left; ${troubles()}`,
      async () => {
        const counts = await server.parts.deps.store.queues.counts();
        const busy = counts.filter(({ queue }) => queue !== 'pull-runs').some(({ ready, delayed, claimed }) => ready + delayed + claimed > 0);
        return busy ? undefined : true;
      },
      PATIENCE_MS,
    ).then(() => undefined);
  const troubles = (): string => JSON.stringify(logged.filter(({ level }) => level !== 'info').slice(-6));
  return {
    ...{ git, dir, worlds, logged, tell, send, remarks, pull },
    carl: { id: String(carl.id), login: 'carl' },
    get parts() {
      return server.parts;
    },
    propose: async (branch, files, { by = git.ada, fork = false } = {}) => {
      await git.commit({ branch, files, ...(fork ? { fork: by } : {}) });
      const number = await git.openPull(by, { head: branch, title: branch, fork });
      await tell();
      return number;
    },
    say: async (by, number, text) => {
      await quiet(); // what somebody answers to they have seen
      const id = await git.comment(by, number, text);
      await tell();
      const marker = `(slipway reply:${id})`;
      return until(
        () => `an answer to ${text}; ${troubles()}`,
        async () => remarks(number).find((remark) => remark.text.includes(marker)),
        PATIENCE_MS,
      );
    },
    comment: (number, what) =>
      until(
        () => `a comment like ${String(what)}, but ${remarks(number)[0]?.text ?? 'there is none'}; ${troubles()}`,
        async () => remarks(number).find(({ text }) => text.includes('(slipway plan)') && what.test(text))?.text,
        PATIENCE_MS,
      ),
    status: (number, context, state) =>
      until(
        () => `${context} ${state}, but ${JSON.stringify(git.repository.statuses.get(pull(number).sha))}; ${troubles()}`,
        async () => {
          const told = await git.host.statuses(git.repo, pull(number).sha);
          return told.find((each) => each.context === context && each.state === state)?.description;
        },
        PATIENCE_MS,
      ),
    runs: async () => server.parts.deps.app.runs(sessionOf(dir), {}),
    quiet,
    dieAtWrite: async (nth) => {
      const { promise: died, resolve } = Promise.withResolvers<void>();
      let writes = 0;
      git.fake.onDone.splice(0, Infinity, (line) => {
        if (!line.startsWith('GET ') && ++writes === nth) void server.die().then(resolve, resolve);
      });
      await died;
      git.fake.onDone.length = 0;
      forgetTheDead(dir);
      server = await start();
    },
    restart: async () => {
      await server.stop();
      server = await start();
    },
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      await git[Symbol.asyncDispose]();
      execFileSync('chmod', ['-R', 'u+w', dir]);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** As if the time were over for which a process may hold what it does not prolong. */
function forgetTheDead(dir: string): void {
  const database = new DatabaseSync(join(dir, 'state', 'journal.db'));
  database.exec("UPDATE jobs SET claim_expires = 0 WHERE state = 'claimed'");
  database.exec('UPDATE runs SET lease_expires = 0 WHERE lease_owner IS NOT NULL');
  database.close();
}

function sessionOf(stateDir: string): Parameters<Parts['deps']['app']['runs']>[0] {
  const masker = createMasker();
  return { actor: 'user:test', teams: [], root: stateDir, stateDir, masker, signal: new AbortController().signal, notice: () => undefined };
}
