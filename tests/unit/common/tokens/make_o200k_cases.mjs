// Writes o200k_cases.inc: texts, their pieces by the o200k pattern and their token counts, from the reference tokenizer.
// Usage: node make_o200k_cases.mjs GPT_TOKENIZER_PACKAGE > o200k_cases.inc
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const reference = resolve(process.argv[2]);
const { encode } = await import(join(reference, 'esm/encoding/o200k_base.js'));
const { O200K_TOKEN_SPLIT_REGEX } = await import(join(reference, 'esm/encodingParams/constants.js'));

const texts = [
  '', ' ', '  ', '\n', '\r\n', '\n\n', ' \n', '\n ', ' \n \n  x', '   x', 'x   ', '\t\tx', '\t x', ' \t', 'a\u00A0b', 'a\u2003\u2003b',
  'hello', 'Hello', 'HELLO', ' hello world', 'helloWorld', 'HelloWorld', 'HTTPServer', 'parseJSON', 'XMLHttpRequest2',
  "don't", "DON'T", "I'll we've they're I'd I'm it's", "'tis", "'quoted'", "x's'y", "L'Été", "it'S", "we'LL", "rock'n'roll", "a'", "a'l",
  '1', '12', '123', '1234', '1234567', 'a1b22c333d4444', '3.14159', '1,000,000', '٣٤٥٦', '½⅓', 'x²',
  '!', '!!!', ' !', ' !!!\n', '!\r\n/\n', '//', '// x', 'a/b/c', '</div>\n\n', '});\n', '=> {', '#!/bin/sh\n', '$x->y', '__init__', '_x', ' _x',
  '.text', '(a', '"quoted"', '\\n', 'a.b', 'a..b', '--flag=value', 'C++', 'C#', '@user', 'foo@bar.com', 'https://example.com/a?b=c&d#e',
  'é', 'École', 'naïve café', 'e\u0301', '\u0301', ' \u0301x', '\u0301ABC', '\u0301Abc', 'A\u0301B', '\u0301\u0301', '!\u0301', ' \u0301!', 'ǅungla',
  '漢字', '漢ABC', '漢Abc', 'ABC漢', 'ABC漢字DEF', 'abc漢字', '日本語のテキスト', '中文，标点。', '한국어 문장입니다.', 'ไทย', 'हिन्दी भाषा', 'Ελληνικά', 'Русский текст', 'עברית', 'العربية',
  '😀', '👩‍👩‍👧‍👦', '😀😀 ok', '🇩🇪', 'a😀b', '\u200b', 'x\u200by', '\u2028', 'ʰʱ', 'Aʰb', 'ªº', '𝔘𝔫𝔦', 'ᏣᎳᎩ', '\u1E9E',
  'def f(x):\n    return x + 1\n', 'if (a && !b) {\n\t\treturn "x";\n}\n', '{"key": [1, 2.5, null, true]}', 'SELECT * FROM t WHERE id = 42;',
  '| a | b |\n|---|---|\n', '- [x] done\n- [ ] todo\n', 'a'.repeat(100), 'ab'.repeat(200), ' '.repeat(100), '='.repeat(80), '0'.repeat(50), '\n'.repeat(20),
  'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 'QmFzZTY0IGVuY29kZWQgZGF0YSB3aXRoIG1peGVkIENhc2U=', 'pneumonoultramicroscopicsilicovolcanoconiosis',
  'Donaudampfschifffahrtsgesellschaftskapitän', 'supercalifragilisticexpialidocious'.repeat(8), '<|endoftext|>', '<|fim_prefix|>x', 'the quick brown fox jumps over the lazy dog. '.repeat(20),
];

const quoted = (text) => `"${[...Buffer.from(text)].map((byte) => {
  const c = String.fromCharCode(byte);
  if (c === '"' || c === '\\' || c === '?') return `\\${c}`;
  return byte >= 0x20 && byte < 0x7f ? c : `\\${byte.toString(8).padStart(3, '0')}`;
}).join('')}"`;

const version = JSON.parse(readFileSync(join(reference, 'package.json'))).version;
console.log(`// Made by make_o200k_cases.mjs from gpt-tokenizer ${version}: text, pieces, tokens.`);
for (const text of texts) {
  const pieces = [...text.matchAll(O200K_TOKEN_SPLIT_REGEX)].map(([piece]) => quoted(piece));
  const count = encode(text, { allowedSpecial: new Set(), disallowedSpecial: new Set() }).length;
  console.log(`Case{${quoted(text)}, {${pieces.join(', ')}}, ${count}},`);
}
