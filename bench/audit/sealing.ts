import { randomBytes } from 'node:crypto';
import { associatedData, encodeFrameHead, encodeGroup } from '#kernel/journal/frame.ts';
import { aesSeal } from '#kernel/journal/seal.ts';

const recordBytes = 300;
const seconds = 1;

/** CPU that a record's share of a frame takes, by how many records the frame holds: encoding, AES-256-GCM and checksum. */
export function sealing(): { readonly records: number; readonly microseconds: number }[] {
  const key = randomBytes(32);
  const seal = aesSeal(1, () => key);
  return [1, 8, 64, 512].map((records) => {
    const group = Array.from({ length: records }, () => ({ type: 1, bytes: Buffer.alloc(recordBytes, 'r') }));
    const once = () => encodeFrameHead(1, records, seal.seal(encodeGroup(group), associatedData('bench', 1, 128, 1, records)));
    for (let warm = 0; warm < 2000; warm += 1) once();
    const before = process.cpuUsage();
    let frames = 0;
    for (const until = performance.now() + seconds * 1000; performance.now() < until; frames += 1) once();
    const { user, system } = process.cpuUsage(before);
    return { records, microseconds: (user + system) / (frames * records) };
  });
}
