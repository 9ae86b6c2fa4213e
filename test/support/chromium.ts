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
  '--disable-dev-shm-usage',
];

/** @throws {Error} when there is none here: pages that no browser was shown are not tested. */
function checkChromium(): void {
  try {
    accessSync(PATH, constants.X_OK);
  } catch (cause) {
    throw new Error(`no browser to test the portal with: there is no ${PATH} (apt-get install -y chromium)`, { cause });
  }
}

/** A browser of its own for one person. */
export async function openChromium(options: BrowserContextOptions = {}): Promise<BrowserContext & AsyncDisposable> {
  checkChromium();
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
