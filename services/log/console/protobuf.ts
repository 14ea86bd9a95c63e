import { decodeProto } from '#wire/protobuf/decode.ts';
import { parseProto } from '#wire/protobuf/parse.ts';
import { Scope } from '#wire/protobuf/scope.ts';

/** Reads messages of a .proto text, for people to look at: its place in the file comes first. Throws for bytes that are none. */
export function protoReader(text: string, imported: ReadonlyMap<string, string>): (bytes: Uint8Array) => unknown {
  const file = parseProto(text);
  const scope = new Scope(file, new Map([...imported].map(([path, other]) => [path, parseProto(other)])));
  return (bytes) => {
    const [place, length] = placeOf(bytes);
    return decodeProto({ file, scope }, place, bytes.subarray(length));
  };
}

/** How many numbers there are, and they, each in zigzag; a single 0 stands for the first message. */
function placeOf(bytes: Uint8Array): readonly [place: readonly number[], length: number] {
  let at = 0;
  const next = (): number => {
    let [value, shift] = [0, 0];
    for (; ; shift += 7) {
      const byte = bytes[at];
      at += 1;
      if (byte === undefined || shift > 28) throw new RangeError('the place of the message is cut');
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
  };
  const count = next();
  if (count < 0 || count > bytes.length) throw new RangeError('the place of the message is none');
  return [count === 0 ? [0] : Array.from({ length: count }, next), at];
}
