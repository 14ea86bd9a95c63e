import { fileKind } from '../clearing.ts';
import { missing } from '../fault.ts';
import { found, type World } from '../world.ts';
import { type All, handlersOf, type Request } from './handlers.ts';
import { listed, pageOf } from './list.ts';

const filters = { rail: `body->>'rail' = ?`, direction: `body->>'direction' = ?` };

async function contents({ world, desk, id }: Request) {
  const { thing } = await found(world, desk.at, fileKind, id);
  const bytes = await world.contents.get(desk.at, id);
  if (!bytes) throw missing(fileKind, id);
  return { id, object: 'clearing_file_contents', format: String(thing.format), content: bytes.toString() };
}

export const clearingFileHandlers = (world: World) =>
  handlersOf(world, {
    GetClearingFile: async ({ world, desk, id }) => (await found(world, desk.at, fileKind, id)).thing,
    GetClearingFileContents: contents,
    ListClearingFiles: ({ world, desk, input }) => listed(world.objects, desk.at, fileKind, pageOf(input, filters), '/v1/clearing_files'),
  }) satisfies Partial<All>;
