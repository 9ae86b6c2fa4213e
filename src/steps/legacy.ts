/**
 * Algorithms of SSH that are broken or nearly so, and that old systems know no others than. A host gets one of them only when its
 * inventory names it.
 */
export const LEGACY = {
  kex: ['diffie-hellman-group-exchange-sha1', 'diffie-hellman-group14-sha1', 'diffie-hellman-group1-sha1'],
  hostKey: ['ssh-rsa', 'ssh-dss'],
  cipher: ['aes256-cbc', 'aes192-cbc', 'aes128-cbc', '3des-cbc'],
  mac: ['hmac-sha1-96', 'hmac-md5', 'hmac-md5-96'],
} as const;
export const LEGACY_NAMES = [...LEGACY.kex, ...LEGACY.hostKey, ...LEGACY.cipher, ...LEGACY.mac] as const;
export type LegacyName = (typeof LEGACY_NAMES)[number];
