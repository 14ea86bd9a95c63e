import { useRef, useState } from 'react';
import { type Api, useApi } from '#console/api/call.ts';
import { upload } from '#console/api/transfer.ts';
import { Button } from '#console/part/button.tsx';

type Into = { bucket: string; prefix: string; onDone: () => void };

/** Sends each file below a prefix; a chosen folder keeps its paths. */
function sendAll(api: Api, { bucket, prefix, onDone }: Into, files: readonly File[]): void {
  for (const file of files) {
    const key = `${prefix}${file.webkitRelativePath || file.name}`;
    const input = { key, size: file.size, ...(file.type === '' ? {} : { contentType: file.type }) };
    upload({ title: key, place: bucket, file, sending: api.sending('storage', 'PutObject', bucket, input), onDone });
  }
}

export function UploadButton({ main, ...into }: Into & { main?: boolean }) {
  const api = useApi();
  const input = useRef<HTMLInputElement>(null);
  const [count, setCount] = useState(0);
  return (
    <>
      {/* A new element for each choice, so that the same file can be chosen twice. */}
      <input
        key={count}
        ref={input}
        type="file"
        multiple
        hidden
        onChange={(event) => {
          sendAll(api, into, [...(event.currentTarget.files ?? [])]);
          setCount(count + 1);
        }}
      />
      <Button look={main ? 'main' : 'plain'} size={main ? undefined : 'small'} icon="upload" onClick={() => input.current?.click()}>
        Upload
      </Button>
    </>
  );
}

/** Takes files that are dropped. */
export function useDrop(bucket: string, prefix: string, onDone: () => void, allowed: boolean) {
  const api = useApi();
  const [over, setOver] = useState(false);
  const takes = (event: React.DragEvent) => allowed && event.dataTransfer.types.includes('Files');
  const target = {
    onDragOver: (event: React.DragEvent) => {
      if (!takes(event)) return;
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: (event: React.DragEvent) => {
      if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
    },
    onDrop: (event: React.DragEvent) => {
      setOver(false);
      if (!takes(event)) return;
      event.preventDefault();
      sendAll(api, { bucket, prefix, onDone }, [...event.dataTransfer.files]);
    },
  };
  return { over, target };
}
