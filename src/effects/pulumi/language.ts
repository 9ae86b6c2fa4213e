import { createRequire } from 'node:module';

// `pulumi import` insists on the language host of the project although nothing is run in it. An installation from the
// Go module has none, so this one is put last on PATH: it is the Automation API's own, with an empty program.

interface GrpcServer {
  addService(service: object, implementation: object): void;
  bindAsync(address: string, credentials: object, done: (error: Error | null, port: number) => void): void;
}
interface Grpc {
  readonly Server: new () => GrpcServer;
  readonly ServerCredentials: { createInsecure(): object };
}

// These modules are part of @pulumi/pulumi and its dependencies, whose version is pinned; they have no types of their own.
const require = createRequire(createRequire(import.meta.url).resolve('@pulumi/pulumi'));
const grpc = require('@grpc/grpc-js') as Grpc;
const { LanguageRuntimeService } = require('@pulumi/pulumi/proto/language_grpc_pb') as { LanguageRuntimeService: object };
const { LanguageServer } = require('@pulumi/pulumi/automation/server') as { LanguageServer: new (program: () => Promise<object>) => object };

const server = new grpc.Server();
server.addService(LanguageRuntimeService, new LanguageServer(async () => ({})));
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.stdout.write(`${port}\n`); // the engine reads where to connect
});
