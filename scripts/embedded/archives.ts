import { gunzipSync, inflateRawSync } from 'node:zlib';

const LOCAL_HEADER = 0x04034b50;
const CENTRAL_ENTRY = 0x02014b50;
const END_OF_DIRECTORY = 0x06054b50;
const TAR_BLOCK = 512;

/** The one file of this name (its last path segment) in a zip, wheel or gzipped tar. */
export function fileFromArchive(archive: Buffer, name: string): Buffer {
  const isZip = archive.length > 4 && archive.readUInt32LE(0) === LOCAL_HEADER;
  const found = isZip ? fromZip(archive, name) : fromTar(gunzipSync(archive), name);
  if (found === undefined) throw new Error(`the archive holds no file named ${name}`);
  return found;
}

const isNamed = (path: string, name: string): boolean => path.split('/').at(-1) === name;

/** Sizes come from the directory at the end: local headers may leave them empty. */
function fromZip(zip: Buffer, name: string): Buffer | undefined {
  let end = zip.length - 22;
  while (end >= 0 && zip.readUInt32LE(end) !== END_OF_DIRECTORY) end -= 1;
  if (end < 0) throw new Error('the zip file is cut off');
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    if (zip.readUInt32LE(at) !== CENTRAL_ENTRY) throw new Error('the zip directory is broken');
    const nameLength = zip.readUInt16LE(at + 28);
    if (isNamed(zip.toString('utf8', at + 46, at + 46 + nameLength), name)) return unzip(zip, at);
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return undefined;
}

function unzip(zip: Buffer, entry: number): Buffer {
  const method = zip.readUInt16LE(entry + 10);
  const packedSize = zip.readUInt32LE(entry + 20);
  const local = zip.readUInt32LE(entry + 42);
  const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
  const packed = zip.subarray(start, start + packedSize);
  return method === 0 ? packed : inflateRawSync(packed);
}

function fromTar(tar: Buffer, name: string): Buffer | undefined {
  for (let at = 0; at + TAR_BLOCK <= tar.length;) {
    const text = (from: number, length: number) =>
      tar.toString('utf8', at + from, at + from + length).replace(/\0.*$/s, '');
    const size = Number.parseInt(text(124, 12).trim() || '0', 8);
    const isFile = ['0', ''].includes(text(156, 1));
    const body = at + TAR_BLOCK;
    if (isFile && isNamed(text(0, 100), name)) return tar.subarray(body, body + size);
    at = body + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
  }
  return undefined;
}
