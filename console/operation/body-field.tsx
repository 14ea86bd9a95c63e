import { useRef } from 'react';
import { bytes } from '../format/quantity.ts';
import { Button } from '../part/button.tsx';

/** The bytes that go beside an input. */
export function BodyField({ file, onFile }: { file: File | undefined; onFile: (file: File | undefined) => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <div className="row wrap">
      <input ref={input} type="file" hidden onChange={(event) => onFile(event.currentTarget.files?.[0])} />
      <Button icon="file" onClick={() => input.current?.click()}>
        {file ? 'Choose another file' : 'Choose a file'}
      </Button>
      <span className="dim">{file ? `${file.name}, ${bytes(file.size)}` : 'Its bytes are sent beside the fields below.'}</span>
    </div>
  );
}
