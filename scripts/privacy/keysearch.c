// Tries every window of an image as the key of every old clip: ChaCha20 (RFC 8439), 16 candidates side by side.
// A candidate fits if the first eight bytes that it decrypts are what every description begins with.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LANES 16
typedef uint32_t lane __attribute__((vector_size(4 * LANES)));

struct target { // the beginning of an old ciphertext
    uint32_t nonce[3];
    uint32_t stream[2]; // its first eight bytes XOR what they should decrypt to
};
struct hit {
    uint32_t offset;
    uint32_t target;
};

static inline lane rotate(lane x, int by) { return (x << by) | (x >> (32 - by)); }
static inline lane splat(uint32_t x) { return (lane){0} + x; }

#define QUARTER(a, b, c, d)                                                                                            \
    a += b, d ^= a, d = rotate(d, 16), c += d, b ^= c, b = rotate(b, 12);                                              \
    a += b, d ^= a, d = rotate(d, 8), c += d, b ^= c, b = rotate(b, 7)

// The key stream's block 1, the first of what AEAD_CHACHA20_POLY1305 encrypts with; words 0 to 7 of it.
static inline void block(const lane key[8], const lane nonce[3], lane out[8]) {
    const lane c[4] = {splat(0x61707865), splat(0x3320646e), splat(0x79622d32), splat(0x6b206574)};
    lane x0 = c[0], x1 = c[1], x2 = c[2], x3 = c[3];
    lane x4 = key[0], x5 = key[1], x6 = key[2], x7 = key[3], x8 = key[4], x9 = key[5], x10 = key[6], x11 = key[7];
    lane x12 = splat(1), x13 = nonce[0], x14 = nonce[1], x15 = nonce[2];
    for (int round = 0; round < 10; round++) {
        QUARTER(x0, x4, x8, x12);
        QUARTER(x1, x5, x9, x13);
        QUARTER(x2, x6, x10, x14);
        QUARTER(x3, x7, x11, x15);
        QUARTER(x0, x5, x10, x15);
        QUARTER(x1, x6, x11, x12);
        QUARTER(x2, x7, x8, x13);
        QUARTER(x3, x4, x9, x14);
    }
    out[0] = x0 + c[0], out[1] = x1 + c[1], out[2] = x2 + c[2], out[3] = x3 + c[3];
    out[4] = x4 + key[0], out[5] = x5 + key[1], out[6] = x6 + key[2], out[7] = x7 + key[3];
}

static inline uint32_t word(const uint8_t *at) {
    uint32_t value;
    memcpy(&value, at, 4);
    return value; // little endian machines only, which the caller checks
}

// With `wrap` each window is a nonce and a sealed key, else it is the key. Returns how many fit; at most `room` are told.
size_t search(const uint8_t *image, const uint32_t *offsets, size_t count, const uint32_t *wrap,
              const struct target *targets, size_t many, struct hit *hits, size_t room) {
    size_t found = 0;
    for (size_t first = 0; first < count; first += LANES) {
        size_t lanes = count - first < LANES ? count - first : LANES;
        uint32_t words[11][LANES] = {{0}};
        for (size_t i = 0; i < lanes; i++)
            for (int w = 0; w < (wrap ? 11 : 8); w++)
                words[w][i] = word(image + offsets[first + i] + 4 * w);
        lane all[11], key[8], nonce[3], out[8];
        memcpy(all, words, sizeof all);
        if (wrap) {
            for (int w = 0; w < 8; w++)
                key[w] = splat(wrap[w]);
            block(key, all, out);
            for (int w = 0; w < 8; w++)
                key[w] = out[w] ^ all[3 + w];
        } else
            memcpy(key, all, sizeof key);
        for (size_t t = 0; t < many; t++) {
            for (int w = 0; w < 3; w++)
                nonce[w] = splat(targets[t].nonce[w]);
            block(key, nonce, out);
            lane same = (lane)((out[0] == splat(targets[t].stream[0])) & (out[1] == splat(targets[t].stream[1])));
            uint64_t any[LANES / 2], some = 0;
            memcpy(any, &same, sizeof any);
            for (size_t i = 0; i < LANES / 2; i++)
                some |= any[i];
            for (size_t i = 0; some && i < lanes; i++)
                if (same[i]) {
                    if (found < room)
                        hits[found] = (struct hit){offsets[first + i], (uint32_t)t};
                    found++;
                }
        }
    }
    return found;
}
