import { constants, createZstdCompress, createZstdDecompress, zstdCompressSync, type ZstdCompress, zstdDecompressSync } from 'node:zlib';
import { frameWindowLog, zstdContextsMax } from './limits.ts';

/** A dictionary and the name under which its contexts are kept. */
export type Dictionary = { readonly name: string; readonly bytes: Uint8Array };

type Handle = { close(): void };
/** What the streams of node:zlib have beside what is documented: Node keeps it for packages that need it. */
type Context = ZstdCompress & { _handle: Handle | null; _processChunk?(bytes: Uint8Array, flush: number): Buffer };

/**
 * Makes frames of zstd, and bytes of them again. A context costs more than a small frame does, and loading a dictionary more than
 * that; so contexts are used again where Node lets us, and otherwise made anew for each frame.
 */
export class Zstd {
  readonly #level: number;
  readonly #frameBytes: number;
  readonly #packers = new Map<string, (bytes: Uint8Array) => Buffer>();
  readonly #openers = new Map<string, (bytes: Uint8Array) => Buffer>();

  constructor(level: number, frameBytes: number) {
    this.#level = level;
    this.#frameBytes = frameBytes;
  }

  compress(bytes: Uint8Array, dictionary?: Dictionary): Buffer {
    const options = {
      params: { [constants.ZSTD_c_compressionLevel]: this.#level, [constants.ZSTD_c_windowLog]: frameWindowLog },
      // One that grows a little still fits.
      chunkSize: this.#frameBytes + this.#frameBytes / 16,
      ...(dictionary ? { dictionary: dictionary.bytes } : {}),
    };
    return used(this.#packers, dictionary?.name ?? '', () =>
      kept(
        () => createZstdCompress(options) as Context,
        constants.ZSTD_e_end,
        (piece) => zstdCompressSync(piece, options),
      ),
    )(bytes);
  }

  /** Throws when the frame is none, or needs another dictionary. */
  decompress(bytes: Uint8Array, dictionary?: Dictionary): Buffer {
    const options = { chunkSize: this.#frameBytes, ...(dictionary ? { dictionary: dictionary.bytes } : {}) };
    return used(this.#openers, dictionary?.name ?? '', () =>
      kept(
        () => createZstdDecompress(options) as unknown as Context,
        constants.ZSTD_e_continue,
        (piece) => zstdDecompressSync(piece, options),
      ),
    )(bytes);
  }
}

/** The value of a name, made when there is none; the one that was asked for longest ago makes room. */
function used<T>(known: Map<string, T>, name: string, make: () => T): T {
  const found = known.get(name) ?? make();
  known.delete(name);
  known.set(name, found);
  if (known.size > zstdContextsMax) known.delete(known.keys().next().value!);
  return found;
}

/** Work with a context that is used again after every frame, or with `afresh` when this Node has no such thing. */
function kept(make: () => Context, flush: number, afresh: (bytes: Uint8Array) => Buffer): (bytes: Uint8Array) => Buffer {
  let context: Context | undefined;
  let handle: Handle | null = null;
  return (bytes) => {
    if (!context) {
      context = make();
      handle = context._handle;
      // Node closes it after each frame; it goes with what holds it.
      if (handle) handle.close = () => {};
    }
    if (!handle || !context._processChunk) return afresh(bytes);
    context._handle = handle;
    try {
      // The bytes returned lie where those of the next frame will.
      return Buffer.from(context._processChunk(bytes, flush));
    } catch (error) {
      context = undefined;
      throw error;
    } finally {
      context?.removeAllListeners('error');
    }
  };
}
