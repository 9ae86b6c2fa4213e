import { clean } from '../core/index.ts';
import type { Adapter } from './adapter.ts';
import { HostError } from './error.ts';
import { checkNames } from './names.ts';
import type { Comments, CommitStatus, GitHost, HostLimits, HostUser } from './port.ts';

/**
 * What holds for every host: names are checked before they become part of an address, texts fit and stay on their line, a status is sent only when it
 * says something new, and nobody else's comment is ever changed.
 */
export function guarded(adapter: Adapter): GitHost {
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
    ...checkedReads(adapter),
    comments: checkedComments(adapter, whoami),
    setStatus: async (repo, sha, status, call) => {
      checkNames({ repo, sha });
      const fit = fitStatus(status, adapter.limits);
      const known = (await adapter.statuses(repo, sha, call)).find(({ context }) => context === fit.context);
      if (known?.state === fit.state && known.description === fit.description && known.url === fit.url) return;
      await adapter.setStatus(repo, sha, fit, call);
    },
    merge: async (repo, number, request, call) => {
      checkNames({ repo, number, sha: request.sha });
      return adapter.merge(repo, number, { ...request, ...(request.title === undefined ? {} : { title: clean(request.title).slice(0, 200) }) }, call);
    },
    openPullRequest: async (request, call) => {
      checkNames({ repo: request.repo, refs: [request.head, request.base] });
      const title = clean(request.title).slice(0, 200);
      return adapter.openPullRequest({ ...request, title, body: request.body.slice(0, adapter.limits.commentChars) }, call);
    },
  };
}

function checkedReads(
  adapter: Adapter,
): Pick<GitHost, 'pull' | 'changedFiles' | 'committers' | 'approvals' | 'statuses' | 'permission' | 'isMember' | 'fileAt' | 'clone'> {
  return {
    pull: async (repo, number, call) => (checkNames({ repo, number }), adapter.pull(repo, number, call)),
    changedFiles: async (repo, number, call) => (checkNames({ repo, number }), adapter.changedFiles(repo, number, call)),
    committers: async (repo, number, call) => (checkNames({ repo, number }), adapter.committers(repo, number, call)),
    approvals: async (repo, number, call) => (checkNames({ repo, number }), adapter.approvals(repo, number, call)),
    statuses: async (repo, sha, call) => (checkNames({ repo, sha }), adapter.statuses(repo, sha, call)),
    permission: async (repo, user, call) => (checkNames({ repo, ...user }), adapter.permission(repo, user, call)),
    isMember: async (group, user, call) => (checkNames({ group, ...user }), adapter.isMember(group, user, call)),
    fileAt: async (repo, ref, path, call) => (checkNames({ repo, refs: [ref], path }), adapter.fileAt(repo, ref, path, call)),
    clone: async (repo, options, call) => (checkNames({ repo }), adapter.clone(repo, options, call)),
  };
}

function checkedComments({ comments, limits }: Adapter, self: GitHost['self']): Comments {
  const fits = (body: string) => {
    if (body.length > limits.commentChars) {
      throw new HostError('HOST_NAME', `the comment has ${body.length} characters, and the host takes ${limits.commentChars}`, {
        hint: 'cut it with fitComment',
      });
    }
  };
  return {
    list: async (repo, number, call) => (checkNames({ repo, number }), comments.list(repo, number, call)),
    create: async (repo, number, body, call) => (checkNames({ repo, number }), fits(body), comments.create(repo, number, body, call)),
    react: async (ref, reaction, call) => (checkNames(ref), comments.react(ref, reaction, call)),
    reply: async (ref, body, call) => (checkNames(ref), fits(body), comments.reply(ref, body, call)),
    edit: async (ref, body, call) => {
      checkNames(ref);
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
