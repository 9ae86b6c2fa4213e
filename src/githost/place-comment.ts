import { HostError } from './error.ts';
import { fitComment } from './fit-comment.ts';
import type { Call, Comment, GitHost } from './port.ts';

export interface PlaceRequest {
  readonly repo: string;
  readonly number: number;
  /** What the comment is, once per pull request: `plan`, `reply:<id of the comment it answers>`. Lower-case letters, digits and `:._-`. */
  readonly key: string;
  readonly body: string;
  /** Where it was last time; only a help, for it is looked for all the same. */
  readonly rememberedId?: string;
  /** The comment that this one answers. */
  readonly replyTo?: string;
}
export interface Placed {
  readonly id: string;
  readonly url: string;
  readonly outcome: 'created' | 'edited' | 'unchanged';
}

/**
 * Make the comment say this, creating it only when it is not there. Idempotent: after a crash or a lost answer it is found again by the marker in its first
 * line, which counts only in comments of our own account.
 *
 * @throws {HostError} `HOST_NAME` for a key that is none, and what the host says.
 */
export async function placeComment(host: GitHost, request: PlaceRequest, call: Call = {}): Promise<Placed> {
  const marker = markerOf(request.key);
  const body = fitComment(`${marker}\n\n${request.body}`, host.limits.commentChars);
  const found = await find(host, request, call);
  if (found === undefined) return create(host, request, { body, call });
  if (sameText(found.body, body)) return { id: found.id, url: found.url, outcome: 'unchanged' };
  try {
    const { id, url } = await host.comments.edit({ ...request, id: found.id }, body, call);
    return { id, url, outcome: 'edited' };
  } catch (cause) {
    if (!(cause instanceof HostError) || cause.code !== 'HOST_NOT_FOUND') throw cause;
    return create(host, request, { body, call }); // somebody deleted it just now
  }
}

/** First line of a comment of ours: a link definition, which no host shows. */
export function markerOf(key: string): string {
  if (!/^[a-z0-9][a-z0-9:._-]{0,199}$/.test(key)) throw new HostError('HOST_NAME', `"${key}" is not the key of a comment`);
  return `[//]: # (slipway ${key})`;
}

async function create(host: GitHost, request: PlaceRequest, { body, call }: { readonly body: string; readonly call: Call }): Promise<Placed> {
  const { repo, number, replyTo } = request;
  try {
    const { id, url } = await (replyTo === undefined
      ? host.comments.create(repo, number, body, call)
      : host.comments.reply({ repo, number, id: replyTo }, body, call));
    return { id, url, outcome: 'created' };
  } catch (cause) {
    if (!(cause instanceof HostError) || !cause.uncertain) throw cause;
    const arrived = await find(host, request, call);
    if (arrived === undefined) throw cause;
    return { id: arrived.id, url: arrived.url, outcome: 'created' };
  }
}

/** Ours with the marker: the remembered one, or else the oldest. */
async function find(host: GitHost, request: PlaceRequest, call: Call): Promise<Comment | undefined> {
  const marker = markerOf(request.key);
  const [self, all] = await Promise.all([host.self(call), host.comments.list(request.repo, request.number, call)]);
  const ours = all.filter(({ author, body }) => author.id === self.id && firstLine(body) === marker);
  return ours.find(({ id }) => id === request.rememberedId) ?? ours[0];
}

function firstLine(body: string): string {
  return (/^[^\r\n]*/.exec(body)?.[0] ?? '').trim();
}

function sameText(left: string, right: string): boolean {
  const plain = (text: string) => text.replaceAll('\r\n', '\n').trimEnd();
  return plain(left) === plain(right);
}
