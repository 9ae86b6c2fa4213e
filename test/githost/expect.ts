import assert from 'node:assert/strict';

/** What is refused, by its code. */
export const refused = (code: string) => (thrown: unknown) => {
  assert.ok(thrown instanceof Error && 'code' in thrown, String(thrown));
  assert.equal(thrown.code, code, thrown.message);
  return true;
};

/** Hosts work some things out a moment later. */
export async function eventually<T>(look: () => Promise<T>, isThere: (value: T) => boolean, tries = 100): Promise<T> {
  for (;;) {
    const value = await look();
    if (isThere(value) || --tries <= 0) return value;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
