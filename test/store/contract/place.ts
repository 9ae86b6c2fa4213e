import type { Store } from '../../../src/store/index.ts';

/** A store of its own for one test, of whatever database. */
export interface StorePlace extends AsyncDisposable {
  /** Another opening of the same store, as another process would have it. */
  open(options?: { readonly onBoundary?: (name: string) => void }): Promise<Store>;
  /** Let time go by for claims, locks, and jobs that wait for their time. */
  later(ms: number): Promise<void>;
  /** SQL behind the store's back. */
  sql(text: string): Promise<readonly Record<string, unknown>[]>;
}
export interface StoreUnderTest {
  readonly name: string;
  /** Why it cannot be tested here. */
  readonly missing?: string | undefined;
  place(): Promise<StorePlace>;
}
