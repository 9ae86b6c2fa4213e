import { createRequire } from 'node:module';

interface Message {
  getId(): string;
  getProperties: (this: Message) => object | undefined;
  setProperties: (this: Message, value: object) => Message;
}
interface Messages {
  readonly ReadRequest: { readonly prototype: Message };
  readonly ReadResponse: { readonly prototype: Message };
}

/**
 * Mend two mistakes of the provider server in @pulumi/pulumi 3.245.0 about reads, in the messages it uses: an import asks
 * to read a resource without saying anything about it, which the server does not expect; and "there is no such resource" is
 * an answer without properties, while the server always sends some, so that neither refresh nor import would notice.
 */
export function mendReads(): void {
  // Modules of the pinned SDK and of its dependency; they have no types.
  const require = createRequire(createRequire(import.meta.url).resolve('@pulumi/pulumi'));
  const { ReadRequest, ReadResponse } = require('@pulumi/pulumi/proto/provider_pb') as Messages;
  const { Struct } = require('google-protobuf/google/protobuf/struct_pb') as { Struct: { fromJavaScript(value: object): object } };
  const { getProperties } = ReadRequest.prototype;
  ReadRequest.prototype.getProperties = function properties(this: Message) {
    return getProperties.call(this) ?? Struct.fromJavaScript({});
  };
  const { setProperties } = ReadResponse.prototype;
  ReadResponse.prototype.setProperties = function propertiesWhenThere(this: Message, value: object) {
    return this.getId() === '' ? this : setProperties.call(this, value);
  };
}
