import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commitAt, countBetween, gitIn, mergedTree } from './git.ts';

/** The part of a Git host that is the same for all of them: accounts, repositories, pull requests. Hosts differ in how they say it. */
export interface Person {
  readonly id: number;
  readonly login: string;
  readonly name: string;
  readonly email: string;
  readonly token: string;
}
export type Level = 'none' | 'read' | 'write' | 'admin';
export interface Remark {
  readonly id: number;
  readonly author: Person;
  text: string;
  readonly createdAt: number;
  updatedAt: number;
  version: number;
  readonly parent: number | undefined;
  readonly reactions: { readonly by: Person; readonly name: string }[];
}
export interface Opinion {
  readonly id: number;
  readonly by: Person;
  state: 'approved' | 'changesRequested' | 'dismissed' | 'withdrawn';
  readonly sha: string;
  readonly at: number;
}
export interface Pull {
  readonly number: number;
  title: string;
  readonly body: string;
  readonly author: Person;
  readonly from: Repo;
  readonly head: string;
  readonly base: string;
  sha: string;
  /** Where the base stood when the head last moved. */
  baseSha: string;
  state: 'open' | 'closed' | 'merged';
  mergedAs: string | undefined;
  version: number;
  /** Every head it had, the oldest first. */
  readonly heads: { readonly sha: string; readonly at: number }[];
  readonly remarks: Remark[];
  readonly opinions: Opinion[];
  readonly createdAt: number;
  updatedAt: number;
}
export interface Status {
  readonly id: number;
  readonly context: string;
  readonly state: string;
  readonly description: string;
  readonly url: string | undefined;
}
export interface Repo {
  readonly id: number;
  readonly name: string;
  readonly folder: string;
  readonly members: Map<string, Level>;
  readonly pulls: Pull[];
  readonly statuses: Map<string, Status[]>;
}
export type ForgeEvent =
  | { readonly type: 'push'; readonly repo: Repo; readonly ref: string; readonly before: string; readonly after: string; readonly by: Person }
  | {
      readonly type: 'pull';
      readonly action: 'opened' | 'updated' | 'closed' | 'merged';
      readonly repo: Repo;
      readonly pull: Pull;
      readonly by: Person;
      readonly before?: string;
    }
  | { readonly type: 'remark'; readonly repo: Repo; readonly pull: Pull; readonly remark: Remark; readonly by: Person }
  | { readonly type: 'opinion'; readonly repo: Repo; readonly pull: Pull; readonly opinion: Opinion; readonly by: Person };

const ZERO = '0'.repeat(40);

export class Forge {
  readonly root = mkdtempSync(join(tmpdir(), 'slipway-forge-'));
  readonly people: Person[] = [];
  readonly repos: Repo[] = [];
  readonly groups = new Map<string, string[]>();
  readonly listeners: ((event: ForgeEvent) => void)[] = [];
  /** Where the head of a pull request is found, also one from a fork. */
  pullRef = (number: number): string => `refs/pull/${number}/head`;
  #last = 0;
  #id = 1_000;

  /** Goes forward with every call, so that what came first is told from what came next. */
  now(): number {
    this.#last = Math.max(this.#last + 1, Date.now());
    return this.#last;
  }
  nextId(): number {
    return (this.#id += 1);
  }
  person(login: string): Person {
    const known = this.people.find((each) => each.login.toLowerCase() === login.toLowerCase());
    if (known) return known;
    const made = { id: this.nextId(), login, name: login.toUpperCase(), email: `${login}@example.org`, token: `token-of-${login}` };
    this.people.push(made);
    return made;
  }
  withToken(token: string): Person | undefined {
    return this.people.find((each) => each.token === token);
  }
  addRepo(name: string): Repo {
    const folder = join(this.root, `${name}.git`);
    mkdirSync(folder, { recursive: true });
    gitIn(folder, 'init', '--quiet', '--bare', '--initial-branch=main', '.');
    const tree = gitIn(folder, 'mktree', '--missing').trim();
    const first = gitIn(folder, 'commit-tree', tree, '-m', 'first').trim();
    gitIn(folder, 'update-ref', 'refs/heads/main', first);
    const repo: Repo = { id: this.nextId(), name, folder, members: new Map(), pulls: [], statuses: new Map() };
    this.repos.push(repo);
    return repo;
  }
  fork(from: Repo, name: string): Repo {
    const known = this.repo(name);
    if (known) return known;
    const repo = this.addRepo(name);
    gitIn(repo.folder, 'fetch', '--quiet', from.folder, '+refs/heads/*:refs/heads/*');
    return repo;
  }
  repo(name: string): Repo | undefined {
    return this.repos.find((each) => each.name.toLowerCase() === name.toLowerCase());
  }
  emit(event: ForgeEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  /** Somebody pushed a branch; pull requests from it have a new head. */
  pushed(repo: Repo, branch: string, { before, by }: { readonly before: string | undefined; readonly by: Person }): void {
    const after = commitAt(repo.folder, `refs/heads/${branch}`) ?? ZERO;
    this.emit({ type: 'push', repo, ref: `refs/heads/${branch}`, before: before ?? ZERO, after, by });
    for (const owner of this.repos) {
      for (const pull of owner.pulls.filter((each) => each.state === 'open' && each.from === repo && each.head === branch && each.sha !== after)) {
        const old = pull.sha;
        this.#moveHead(owner, pull, after);
        this.emit({ type: 'pull', action: 'updated', repo: owner, pull, by, before: old });
      }
    }
  }
  openPull(
    repo: Repo,
    { from, head, base, title, body, by }: { from: Repo; head: string; base: string; title: string; body: string; by: Person },
  ): Pull | undefined {
    const sha = commitAt(from.folder, `refs/heads/${head}`);
    if (sha === undefined || commitAt(repo.folder, `refs/heads/${base}`) === undefined) return undefined;
    const at = this.now();
    const number = repo.pulls.length + 1;
    const parts = {
      number,
      title,
      body,
      author: by,
      from,
      head,
      base,
      sha,
      baseSha: sha,
      state: 'open',
      mergedAs: undefined,
      version: 0,
      createdAt: at,
      updatedAt: at,
    } as const;
    const pull: Pull = { ...parts, heads: [], remarks: [], opinions: [] };
    repo.pulls.push(pull);
    this.#moveHead(repo, pull, sha);
    this.emit({ type: 'pull', action: 'opened', repo, pull, by });
    return pull;
  }
  remark(repo: Repo, pull: Pull, { by, text, parent }: { readonly by: Person; readonly text: string; readonly parent?: number }): Remark {
    const at = this.now();
    const remark: Remark = { id: this.nextId(), author: by, text, createdAt: at, updatedAt: at, version: 0, parent, reactions: [] };
    pull.remarks.push(remark);
    this.emit({ type: 'remark', repo, pull, remark, by });
    return remark;
  }
  opinion(repo: Repo, pull: Pull, { by, state }: { readonly by: Person; readonly state: Opinion['state'] }): void {
    const opinion: Opinion = { id: this.nextId(), by, state, sha: pull.sha, at: this.now() };
    pull.opinions.push(opinion);
    this.emit({ type: 'opinion', repo, pull, opinion, by });
  }
  close(repo: Repo, pull: Pull, by: Person): void {
    pull.state = 'closed';
    pull.version += 1;
    this.emit({ type: 'pull', action: 'closed', repo, pull, by });
  }
  conflicts(repo: Repo, pull: Pull): boolean {
    return mergedTree(repo.folder, `refs/heads/${pull.base}`, pull.sha) === undefined;
  }
  behindBy(repo: Repo, pull: Pull): number {
    return countBetween(repo.folder, pull.sha, `refs/heads/${pull.base}`);
  }
  /** Undefined when it conflicts or is not open. */
  merge(repo: Repo, pull: Pull, by: Person): string | undefined {
    const base = commitAt(repo.folder, `refs/heads/${pull.base}`);
    const tree = pull.state === 'open' && base !== undefined ? mergedTree(repo.folder, base, pull.sha) : undefined;
    if (tree === undefined || base === undefined) return undefined;
    const sha = gitIn(repo.folder, 'commit-tree', tree, '-p', base, '-p', pull.sha, '-m', `Merge #${pull.number}`).trim();
    gitIn(repo.folder, 'update-ref', `refs/heads/${pull.base}`, sha, base);
    Object.assign(pull, { state: 'merged', mergedAs: sha, version: pull.version + 1, updatedAt: this.now() });
    this.emit({ type: 'pull', action: 'merged', repo, pull, by });
    return sha;
  }
  setStatus(repo: Repo, sha: string, status: Omit<Status, 'id'>): Status {
    const made = { id: this.nextId(), ...status };
    repo.statuses.set(sha, [...(repo.statuses.get(sha) ?? []), made]);
    return made;
  }
  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  #moveHead(repo: Repo, pull: Pull, sha: string): void {
    if (pull.from !== repo) gitIn(repo.folder, 'fetch', '--quiet', pull.from.folder, `+refs/heads/${pull.head}:${this.pullRef(pull.number)}`);
    else gitIn(repo.folder, 'update-ref', this.pullRef(pull.number), sha);
    pull.sha = sha;
    pull.baseSha = commitAt(repo.folder, `refs/heads/${pull.base}`) ?? sha;
    pull.version += 1;
    pull.updatedAt = this.now();
    pull.heads.push({ sha, at: pull.updatedAt });
  }
}
