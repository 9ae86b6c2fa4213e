import { HostError } from './error.ts';

/** A pull request as far as opening one goes. */
export interface Opened {
  readonly number: number;
  readonly url: string;
}

/** Open a pull request unless one is open already; after a lost answer, look whether it came to be. */
export async function openOnce({
  find,
  create,
}: {
  readonly find: () => Promise<Opened | undefined>;
  readonly create: () => Promise<Opened>;
}): Promise<Opened & { readonly created: boolean }> {
  const known = await find();
  if (known) return { ...known, created: false };
  try {
    return { ...(await create()), created: true };
  } catch (cause) {
    // Refusals too: somebody else may have opened it a moment ago.
    const arrived = cause instanceof HostError ? await find() : undefined;
    if (arrived === undefined) throw cause;
    return { ...arrived, created: cause instanceof HostError && cause.uncertain };
  }
}
