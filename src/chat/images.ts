/** Pictures that models can see. */
const PICTURES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];
/** Bytes above which a picture is made smaller, and the longer side it then has, in pixels. */
const MOST_BYTES = 1_000_000;
const LONGEST_SIDE = 1600;

export function isPicture(mimetype: string | undefined): boolean {
  return PICTURES.includes(mimetype ?? '');
}

/** Read a picture as a data URI, made smaller if it is big. */
export async function readImage(file: Blob): Promise<string> {
  return dataUri(file.size > MOST_BYTES ? await shrink(file) : file);
}

async function shrink(file: Blob): Promise<Blob> {
  const bitmap = await createImageBitmap(file);
  const { width, height } = bitmap;
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext('2d')!.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return new Promise((resolve, reject) =>
    canvas.toBlob(
      blob => (blob ? resolve(blob) : reject(new Error('No picture'))),
      'image/jpeg',
      0.85
    )
  );
}

/** A file as a data URI. */
export function dataUri(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error ?? new Error('Not readable'));
    reader.readAsDataURL(blob);
  });
}
