import type { Adapter } from '../adapter.ts';
import { HostError } from '../error.ts';
import { type Api, apiPath, eachSegment } from '../http/index.ts';
import { MOST_FILE_BYTES, tooLarge } from '../file-size.ts';
import { repoPath } from './paths.ts';

export function filesOf(api: Api): Pick<Adapter, 'fileAt'> {
  return {
    fileAt: async (repo, ref, path, call) => {
      try {
        const response = await api.send({
          path: `${repoPath(repo)}/raw/${eachSegment(path)}`,
          query: { ref },
          accept: '*/*',
          maxBodyBytes: MOST_FILE_BYTES,
          ...call,
        });
        if (response.bodyBytes > MOST_FILE_BYTES) throw tooLarge(path, response.bodyBytes);
        return response.body;
      } catch (cause) {
        if (!(cause instanceof HostError) || cause.code !== 'HOST_NOT_FOUND') throw cause;
        // No such file, or no such commit? Whoever reads rules from it must not take the second for the first.
        await api.send({ path: `${repoPath(repo)}${apiPath`/git/commits/${ref}`}`, ...call });
        return undefined;
      }
    },
  };
}
