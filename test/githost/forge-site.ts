import type { HostRequest, HostSettings, HostUser } from '../../src/githost/index.ts';
import { Forge, type ForgeEvent, type Person, type Pull, type Repo } from '../fakes/forge/forge.ts';
import { commitAt } from '../fakes/forge/git.ts';
import type { Fake } from '../fakes/forge/server.ts';
import { createWork } from './git-work.ts';
import { createWire, openSite, type Site } from './site.ts';

/** What differs from host to host. */
export interface Dialect<F extends Fake> {
  readonly repo: string;
  readonly forkOf: (login: string) => string;
  /** Where the host keeps heads of pull requests; as GitHub unless told. */
  readonly pullRef?: (number: number) => string;
  readonly serve: (forge: Forge, bot: Person) => Promise<F>;
  readonly settings: (fake: F) => HostSettings;
  readonly secrets: (fake: F, bot: Person) => Readonly<Record<string, string>>;
  readonly deliver: (forge: Forge, event: ForgeEvent) => HostRequest;
  /** Accounts whose opinion says what "withdraw" is called there. */
  readonly withdraw: 'withdrawn' | 'changesRequested';
}
export interface ForgeSite<F extends Fake> extends Site {
  readonly forge: Forge;
  readonly fake: F;
  readonly repository: Repo;
}

/** A site whose host is a faithful local server over real bare repositories. */
export async function openForgeSite<F extends Fake>(dialect: Dialect<F>): Promise<ForgeSite<F>> {
  const forge = new Forge();
  if (dialect.pullRef) forge.pullRef = dialect.pullRef;
  const [bot, ada, bert, eve] = ['slipway-bot', 'ada', 'bert', 'eve'].map((login) => forge.person(login)) as [Person, Person, Person, Person];
  const repository = forge.addRepo(dialect.repo);
  for (const [person, level] of [
    [bot, 'admin'],
    [ada, 'write'],
    [bert, 'write'],
    [eve, 'read'],
  ] as const)
    repository.members.set(person.login, level);
  const came: HostRequest[] = [];
  forge.listeners.push((event) => {
    if (event.repo === repository) came.push(dialect.deliver(forge, event));
  });
  const fake = await dialect.serve(forge, bot);
  const wire = createWire();
  const settings = dialect.settings(fake);
  const host = await openSite(settings, wire.exchange, dialect.secrets(fake, bot));
  const repoOf = (fork: HostUser | undefined) => (fork ? forge.fork(repository, dialect.forkOf(fork.login)) : repository);
  const work = createWork((fork) => repoOf(fork).folder);
  const user = ({ id, login }: Person): HostUser => ({ id: String(id), login });
  const pullAt = (number: number): Pull => {
    const pull = repository.pulls[number - 1];
    if (!pull) throw new Error(`no pull request ${number}`);
    return pull;
  };
  const remarkAt = (number: number, id: string) => {
    const remark = pullAt(number).remarks.find((each) => String(each.id) === id);
    if (!remark) throw new Error(`no comment ${id}`);
    return remark;
  };
  return {
    forge,
    fake,
    repository,
    host,
    settings,
    repo: dialect.repo,
    ada: user(ada),
    bert: user(bert),
    eve: user(eve),
    wire,
    commit: async (change) => {
      const repo = repoOf(change.fork);
      const before = commitAt(repo.folder, `refs/heads/${change.branch}`);
      const sha = work.commit(change);
      forge.pushed(repo, change.branch, { before, by: change.fork ? forge.person(change.fork.login) : ada });
      return sha;
    },
    openPull: async (by, { head, title, fork }) => {
      const pull = forge.openPull(repository, {
        from: repoOf(fork === true ? by : undefined),
        head,
        base: 'main',
        title,
        body: '',
        by: forge.person(by.login),
      });
      if (!pull) throw new Error(`${head} cannot be opened`);
      return pull.number;
    },
    comment: async (by, number, text) => String(forge.remark(repository, pullAt(number), { by: forge.person(by.login), text }).id),
    deleteComment: async (number, id) => {
      const { remarks } = pullAt(number);
      remarks.splice(remarks.indexOf(remarkAt(number, id)), 1);
    },
    review: async (by, number, opinion) => {
      const state = opinion === 'approve' ? 'approved' : opinion === 'requestChanges' ? 'changesRequested' : dialect.withdraw;
      forge.opinion(repository, pullAt(number), { by: forge.person(by.login), state });
    },
    reactions: async (number, id) => remarkAt(number, id).reactions.map(({ name }) => name),
    permit: async ({ login }, level) => void repository.members.set(login, level),
    close: async (number) => forge.close(repository, pullAt(number), ada),
    deliveries: async () => came.splice(0),
    [Symbol.asyncDispose]: async () => {
      wire[Symbol.dispose]();
      work[Symbol.dispose]();
      await fake[Symbol.asyncDispose]();
      forge[Symbol.dispose]();
    },
  };
}
