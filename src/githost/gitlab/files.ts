import { Commits, RepositoryFiles } from '@gitbeaker/rest';
import type { Adapter } from '../adapter.ts';
import { HostError } from '../error.ts';
import { MOST_FILE_BYTES, tooLarge } from '../file-size.ts';
import { type Resources, shapedOrNone } from './client.ts';
import { File } from './shapes.ts';

export function filesOf(resources: Resources): Pick<Adapter, 'fileAt'> {
  return {
    fileAt: async (repo, ref, path, call) => {
      const file = await shapedOrNone(File, resources(RepositoryFiles, call).show(repo, path, ref));
      if (file === undefined) {
        // No such file, or no such commit? Whoever reads rules from it must not take the second for the first.
        await resources(Commits, call).show(repo, ref);
        return undefined;
      }
      if (file.size > MOST_FILE_BYTES) throw tooLarge(path, file.size);
      if (file.encoding !== 'base64') throw new HostError('HOST_ANSWER', `${path} came as ${file.encoding}, not as base64`);
      return Buffer.from(file.content, 'base64');
    },
  };
}
