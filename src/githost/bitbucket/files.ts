import { z } from 'zod';
import type { Adapter } from '../adapter.ts';
import { MOST_FILE_BYTES, tooLarge } from '../file-size.ts';
import { type Api, eachSegment } from '../http/index.ts';
import { repoPath } from './paths.ts';

export function filesOf(api: Api): Pick<Adapter, 'fileAt'> {
  return {
    fileAt: async (repo, ref, path, call) => {
      const entry = await api.find(z.object({ type: z.string() }), {
        path: `${repoPath(repo)}/browse/${eachSegment(path)}`,
        query: { at: ref, type: true },
        ...call,
      });
      if (entry === undefined) {
        // No such file, or no such commit? Whoever reads rules from it must not take the second for the first.
        await api.send({ path: `${repoPath(repo)}/commits`, query: { until: ref, limit: 1 }, ...call });
        return undefined;
      }
      if (entry.type !== 'FILE') return undefined;
      const raw = { path: `${repoPath(repo)}/raw/${eachSegment(path)}`, query: { at: ref }, accept: '*/*', maxBodyBytes: MOST_FILE_BYTES, ...call };
      const { body, bodyBytes } = await api.send(raw);
      if (bodyBytes > MOST_FILE_BYTES) throw tooLarge(path, bodyBytes);
      return body;
    },
  };
}
