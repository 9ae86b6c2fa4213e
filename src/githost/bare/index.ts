import { z } from 'zod';
import { SlipwayError } from '../../core/index.ts';
import { fileIn } from '../../repo/index.ts';
import { type Adapter, withoutPulls } from '../adapter.ts';
import { deliveryOf, ignored } from '../delivery.ts';
import { HostError } from '../error.ts';
import type { Delivery, HostEvent } from '../event.ts';
import { MOST_FILE_BYTES, tooLarge } from '../file-size.ts';
import { commitOrNone, isBareRepo, isRef } from '../names.ts';
import type { Opened } from '../open.ts';
import type { HostRequest } from '../port.ts';
import { readPayload, sha } from '../read.ts';
import type { BareSettings } from '../settings.ts';
import { verifyStandardWebhook } from '../signature/index.ts';

const Payload = z.object({
  type: z.string().max(64),
  repository: z.string().refine(isBareRepo, 'not the name of a repository'),
  changes: z.array(z.object({ ref: z.string().max(1_024), before: sha, after: sha })).max(10_000),
});

/** Bare repositories on this machine: they tell of pushes, and can be read. */
export function createBare(settings: BareSettings, { clock, env, webhookSecrets }: Opened): Adapter {
  const folderOf = (repo: string): string => {
    const folder = Object.hasOwn(settings.repositories, repo) ? settings.repositories[repo] : undefined;
    if (folder === undefined)
      throw new HostError('HOST_NOT_FOUND', `the host "${settings.name}" has no repository "${repo}"`, {
        hint: 'name it under "repositories" in the configuration',
      });
    return folder;
  };
  return {
    ...withoutPulls('bare'),
    name: settings.name,
    kind: 'bare',
    can: { pulls: false, approvals: 'none', threads: false, groups: false },
    limits: { commentChars: 0, statusContextChars: 0, statusDescriptionChars: 0 },
    receive: (request): Delivery => {
      const { id, keyIndex } = verifyStandardWebhook(request.headers, request.body, { keys: { secrets: webhookSecrets }, now: clock.now() });
      return deliveryOf({ host: settings.name, id, event: eventIn(request), secretIndex: keyIndex, body: request.body });
    },
    fileAt: async (repo, ref, path, call) => {
      const request = { revision: ref, path, mostBytes: MOST_FILE_BYTES };
      const found = await fileIn(folderOf(repo), request, { env, signal: call?.signal }).catch((cause: unknown) => {
        if (!(cause instanceof SlipwayError) || !['COMMIT_NOT_FOUND', 'BAD_REVISION', 'NOT_A_REPOSITORY'].includes(cause.code)) throw cause;
        throw new HostError('HOST_NOT_FOUND', cause.message, { cause });
      });
      if (found.found === 'tooLarge') throw tooLarge(path, found.bytes);
      return found.found === 'file' ? found.content : undefined;
    },
    clone: async (repo) => ({ url: `file://${folderOf(repo)}`, pullRef: () => undefined }),
  };
}

function eventIn(request: HostRequest): HostEvent {
  const { type, repository, changes } = readPayload(Payload, request);
  if (type !== 'push') return ignored(`nothing follows from the event ${JSON.stringify(type)}`);
  const known = changes.filter(({ ref }) => isRef(ref));
  if (known.length === 0) return ignored('no ref that git would take was pushed');
  return {
    type: 'push',
    repo: repository,
    changes: known.map(({ ref, before, after }) => ({ ref, before: commitOrNone(before), after: commitOrNone(after) })),
  };
}
