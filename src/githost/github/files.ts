import { z } from 'zod';
import type { Adapter } from '../adapter.ts';
import { MOST_FILE_BYTES, tooLarge } from '../file-size.ts';
import { type Clients, data, dataOrNone, ownerAndName, signalled } from './client.ts';

const Content = z.object({ type: z.string(), size: z.int().nonnegative().optional(), encoding: z.string().optional(), content: z.string().optional() });

export function filesOf(clients: Clients): Pick<Adapter, 'fileAt'> {
  return {
    fileAt: async (repo, ref, path, call) => {
      const client = await clients.of(repo, call);
      const names = ownerAndName(repo);
      const params = { ...names, path, ref, mediaType: { format: 'object' }, ...signalled(call) };
      const found = await dataOrNone(Content, () => client.request('GET /repos/{owner}/{repo}/contents/{path}', params));
      if (found === undefined) {
        // No such file, or no such commit? Whoever reads rules from it must not take the second for the first.
        await data(z.unknown(), () => client.request('GET /repos/{owner}/{repo}/commits/{ref}', { ...names, ref, ...signalled(call) }));
        return undefined;
      }
      if (found.type !== 'file') return undefined;
      if ((found.size ?? 0) > MOST_FILE_BYTES || found.encoding !== 'base64') throw tooLarge(path, found.size ?? 0);
      return Buffer.from(found.content ?? '', 'base64');
    },
  };
}
