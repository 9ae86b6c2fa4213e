import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, BrowserContextOptions } from 'playwright-core';

const PATH = '/usr/bin/chromium';
/** Nothing is asked of the network that a page does not ask for. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Why no test can use a browser here; undefined when one can. */
export function whyNoChromium(): string | undefined {
  try {
    accessSync(PATH, constants.X_OK);
    return undefined;
  } catch {
    return `there is no ${PATH}; apt-get install chromium brings it`;
  }
}

/** A browser of its own for one person. */
export async function openChromium(options: BrowserContextOptions = {}): Promise<BrowserContext & AsyncDisposable> {
  const { chromium } = await import('playwright-core');
  const profile = mkdtempSync(join(tmpdir(), 'slipway-chromium-'));
  const context = await chromium.launchPersistentContext(profile, { executablePath: PATH, args: FLAGS, headless: true, ...options });
  context.setDefaultTimeout(60_000);
  return Object.assign(context, {
    [Symbol.asyncDispose]: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  });
}
