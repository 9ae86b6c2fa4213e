import type { Client } from 'ssh2';
import { CERTIFICATE_SUFFIX, parseCertificate } from './certificate.ts';
import { readBlob } from './blob.ts';

/**
 * The parts of ssh2 1.17 (pinned) that host certificates need and its public surface lacks. All of it fails closed:
 * the library still verifies the server's signature over the whole exchange, certificate included, with the certified key.
 */
interface ClientInside {
  readonly _protocol: {
    _offer: { readonly lists: OfferLists; readonly constructor: new (offer: object) => ClientInside['_protocol']['_offer'] };
    readonly _kex: { _hostKey: Buffer; readonly _sig: Buffer; readonly negotiated: { serverHostKey: string } };
  };
}
interface Entry {
  readonly array: readonly string[];
}
interface Direction {
  readonly cipher: Entry;
  readonly mac: Entry;
  readonly compress: Entry;
  readonly lang: Entry;
}
interface OfferLists {
  readonly kex: Entry;
  readonly cs: Direction;
  readonly sc: Direction;
}

/** Offer these host-key algorithms, certified ones included. Call it right after `connect`, before the handshake begins. */
export function offerHostKeyAlgorithms(client: Client, algorithms: readonly string[]): void {
  const { _protocol: protocol } = client as unknown as ClientInside; // see ClientInside
  const { lists, constructor: Offer } = protocol._offer;
  protocol._offer = new Offer({ kex: lists.kex.array, serverHostKey: algorithms, cs: plain(lists.cs), sc: plain(lists.sc) });
}

function plain(direction: Direction): object {
  return { cipher: direction.cipher.array, mac: direction.mac.array, compress: direction.compress.array, lang: direction.lang.array.filter(Boolean) };
}

/**
 * Let the library verify the server's signature with the key inside a certificate that was found good. The library
 * reads the host key three times: first for the exchange hash, which covers the certificate, then twice to verify.
 */
export function useCertifiedKey(client: Client, presented: Buffer): void {
  const certificate = parseCertificate(presented);
  if (!certificate) return;
  const { _kex: kex } = (client as unknown as ClientInside)._protocol; // see ClientInside
  let reads = 0;
  Object.defineProperty(kex, '_hostKey', {
    configurable: true,
    get: () => (reads++ === 0 ? presented : certificate.plainKey),
    // Once it has verified, the library forgets the key.
    set: (value: unknown) => {
      Object.defineProperty(kex, '_hostKey', { configurable: true, writable: true, value });
    },
  });
  const algorithm = readBlob(kex._sig).text();
  if (kex.negotiated.serverHostKey === algorithm + CERTIFICATE_SUFFIX) kex.negotiated.serverHostKey = algorithm;
}
