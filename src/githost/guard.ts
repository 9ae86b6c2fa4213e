import { clean } from '../core/index.ts';
import type { Adapter } from './adapter.ts';
import { HostError } from './error.ts';
import { checkNames, isBareRepo, isRepo, type Names } from './names.ts';
import type { Comments, CommitStatus, GitHost, HostLimits, HostUser } from './port.ts';

type Check = (names: Names) => void;

/**
 * What holds for every host: names are checked before they become part of an address, texts fit and stay on their line, a status is sent only when it
 * says something new, and nobody else's comment is ever changed.
 */
export function guarded(adapter: Adapter): GitHost {
  const isName = adapter.kind === 'bare' ? isBareRepo : isRepo;
  const check: Check = (names) => checkNames(names, isName);
  let self: Promise<HostUser> | undefined;
  const whoami: GitHost['self'] = (call) => {
    self ??= adapter.self(call).catch((cause: unknown) => {
      self = undefined; // ask again next time
      throw cause;
    });
    return self;
  };
  return {
    ...adapter,
    self: whoami,
    ...checkedReads(adapter, check),
    comments: checkedComments(adapter, { check, self: whoami }),
    setStatus: async (repo, sha, status, call) => {
      check({ repo, sha });
      const fit = fitStatus(status, adapter.limits);
      const known = (await adapter.statuses(repo, sha, call)).find(({ context }) => context === fit.context);
      if (known?.state === fit.state && known.description === fit.description && known.url === fit.url) return;
      await adapter.setStatus(repo, sha, fit, call);
    },
    merge: async (repo, number, request, call) => {
      check({ repo, number, sha: request.sha });
      return adapter.merge(repo, number, { ...request, ...(request.title === undefined ? {} : { title: clean(request.title).slice(0, 200) }) }, call);
    },
    openPullRequest: async (request, call) => {
      check({ repo: request.repo, refs: [request.head, request.base] });
      const title = clean(request.title).slice(0, 200);
      return adapter.openPullRequest({ ...request, title, body: request.body.slice(0, adapter.limits.commentChars) }, call);
    },
  };
}

function checkedReads(
  adapter: Adapter,
  check: Check,
): Pick<GitHost, 'pull' | 'changedFiles' | 'committers' | 'approvals' | 'statuses' | 'permission' | 'isMember' | 'fileAt' | 'clone'> {
  return {
    pull: async (repo, number, call) => (check({ repo, number }), adapter.pull(repo, number, call)),
    changedFiles: async (repo, number, call) => (check({ repo, number }), adapter.changedFiles(repo, number, call)),
    committers: async (repo, number, call) => (check({ repo, number }), adapter.committers(repo, number, call)),
    approvals: async (repo, number, call) => (check({ repo, number }), adapter.approvals(repo, number, call)),
    statuses: async (repo, sha, call) => (check({ repo, sha }), adapter.statuses(repo, sha, call)),
    permission: async (repo, user, call) => (check({ repo, ...user }), adapter.permission(repo, user, call)),
    isMember: async (group, user, call) => (check({ group, ...user }), adapter.isMember(group, user, call)),
    fileAt: async (repo, ref, path, call) => (check({ repo, refs: [ref], path }), adapter.fileAt(repo, ref, path, call)),
    clone: async (repo, options, call) => (check({ repo }), adapter.clone(repo, options, call)),
  };
}

function checkedComments({ comments, limits }: Adapter, { check, self }: { readonly check: Check; readonly self: GitHost['self'] }): Comments {
  const fits = (body: string) => {
    if (body.length > limits.commentChars) {
      throw new HostError('HOST_NAME', `the comment has ${body.length} characters, and the host takes ${limits.commentChars}`, {
        hint: 'cut it with fitComment',
      });
    }
  };
  return {
    list: async (repo, number, call) => (check({ repo, number }), comments.list(repo, number, call)),
    create: async (repo, number, body, call) => (check({ repo, number }), fits(body), comments.create(repo, number, body, call)),
    react: async (ref, reaction, call) => (check(ref), comments.react(ref, reaction, call)),
    reply: async (ref, body, call) => (check(ref), fits(body), comments.reply(ref, body, call)),
    edit: async (ref, body, call) => {
      check(ref);
      fits(body);
      const [{ author }, us] = await Promise.all([comments.get(ref, call), self(call)]);
      if (author.id !== us.id) {
        throw new HostError('COMMENT_NOT_OURS', `the comment ${ref.id} is by ${author.login}, and we are ${us.login}`, {
          hint: 'nobody else’s comment is changed',
        });
      }
      return comments.edit(ref, body, call);
    },
  };
}

/** One line each, within what the host takes. @throws {HostError} `HOST_NAME` when nothing is left of the context, or the address is none. */
function fitStatus(status: CommitStatus, limits: HostLimits): CommitStatus {
  const context = clean(status.context).slice(0, limits.statusContextChars);
  if (context === '') throw new HostError('HOST_NAME', 'a status needs a context');
  const { url } = status;
  if (url !== undefined && !(URL.canParse(url) && /^https?:$/.test(new URL(url).protocol) && url.length <= 1_024)) {
    throw new HostError('HOST_NAME', `${JSON.stringify(clean(url).slice(0, 80))} is not an address that a status can link to`);
  }
  return {
    context,
    state: status.state,
    description: cut(clean(status.description), limits.statusDescriptionChars),
    ...(url === undefined ? {} : { url: new URL(url).href }),
  };
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).trimEnd()}…`;
}
