# A level of the usual form, `["change",83958.5,8.4e3]`, read without asking what comes
# next: which of three actions, how many digits and whether an exponent is chance, and a
# wrong guess costs the processor more than reading all of it.
from libc.stdint cimport int64_t, uint32_t, uint64_t


cdef extern from *:
    """
    #include <stddef.h>
    #include <stdint.h>
    #include <string.h>
    #if defined(__SSE2__) && !defined(HALFSPREAD_PLAIN)
    #include <emmintrin.h>
    #define HALFSPREAD_LEVEL_SSE2 1
    #endif
    #define HALFSPREAD_ALL(byte) ((byte) * 0x0101010101010101ULL)
    #define HALFSPREAD_TEXT8(a, b, c, d, e, f, g, h) \\
        ((uint64_t)(a) | (uint64_t)(b) << 8 | (uint64_t)(c) << 16 \\
         | (uint64_t)(d) << 24 | (uint64_t)(e) << 32 | (uint64_t)(f) << 40 \\
         | (uint64_t)(g) << 48 | (uint64_t)(h) << 56)

    /* What follows the bracket and the quote, by the last bits of its first letter. */
    typedef struct {
        uint64_t text, mask;
        size_t start;       /* of the price, from the bracket on */
        uint64_t keep;      /* 0: whatever its size, the level is gone */
    } halfspread_action;

    static const halfspread_action halfspread_actions[4] = {
        {HALFSPREAD_TEXT8('d', 'e', 'l', 'e', 't', 'e', '"', ','), ~(uint64_t)0, 10, 0},
        {0, ~(uint64_t)0, 0, 0},
        {HALFSPREAD_TEXT8('n', 'e', 'w', '"', ',', 0, 0, 0), ~(uint64_t)0 >> 24, 7,
         ~(uint64_t)0},
        {HALFSPREAD_TEXT8('c', 'h', 'a', 'n', 'g', 'e', '"', ','), ~(uint64_t)0, 10,
         ~(uint64_t)0}};

    /* How to read 123.4 (the first 32) and the 1.23 of 1.23e4 (the others), by size.
       The number fills the end of a word; the last byte is the highest. The byte of the
       point becomes 0 and is taken out. */
    typedef struct {
        uint64_t kept;      /* the bytes that are of the number */
        uint64_t zeros;     /* makes its digits their values and its point 0 */
        uint64_t odd;       /* added to that, brings out the high bit of all others */
        uint64_t before;    /* the bytes before the point */
        uint64_t behind;
        uint32_t least;     /* smaller ones begin with a 0 too many; or no such form */
        uint32_t power;     /* all bits if what follows is an exponent */
        int64_t places;     /* digits behind the point */
        size_t end;         /* how far before the end of the text is that of a word */
    } halfspread_form;

    #define HALFSPREAD_FORM(size, at, places, least, is_scaled) { \\
        ~(uint64_t)0 << (64 - 8 * (size)), \\
        (HALFSPREAD_ALL('0') ^ (uint64_t)('0' ^ '.') << 8 * (at)) \\
            & ~(uint64_t)0 << (64 - 8 * (size)), \\
        HALFSPREAD_ALL(0x76) ^ (uint64_t)(0x76 ^ 0x7F) << 8 * (at), \\
        ((uint64_t)1 << 8 * (at)) - 1, (uint64_t)0 - ((uint64_t)0x100 << 8 * (at)), \\
        (least), 0 - (uint32_t)(is_scaled), (places), 8 + 2 * (is_scaled)}
    #define HALFSPREAD_NO_FORM {0, 0, 0, 0, 0, ~(uint32_t)0, 0, 0, 8}
    #define HALFSPREAD_NO_FORMS HALFSPREAD_NO_FORM, HALFSPREAD_NO_FORM, \\
        HALFSPREAD_NO_FORM, HALFSPREAD_NO_FORM

    static const halfspread_form halfspread_forms[64] = {
        HALFSPREAD_NO_FORM, HALFSPREAD_NO_FORM, HALFSPREAD_NO_FORM,
        HALFSPREAD_FORM(3, 6, 1, 0, 0), HALFSPREAD_FORM(4, 6, 1, 100, 0),
        HALFSPREAD_FORM(5, 6, 1, 1000, 0), HALFSPREAD_FORM(6, 6, 1, 10000, 0),
        HALFSPREAD_FORM(7, 6, 1, 100000, 0), HALFSPREAD_FORM(8, 6, 1, 1000000, 0),
        HALFSPREAD_NO_FORM, HALFSPREAD_NO_FORM, HALFSPREAD_NO_FORM,
        HALFSPREAD_NO_FORMS, HALFSPREAD_NO_FORMS, HALFSPREAD_NO_FORMS,
        HALFSPREAD_NO_FORMS, HALFSPREAD_NO_FORMS,
        HALFSPREAD_NO_FORMS, HALFSPREAD_NO_FORM,
        HALFSPREAD_FORM(3, 6, 1, 0, 1), HALFSPREAD_FORM(4, 5, 2, 0, 1),
        HALFSPREAD_FORM(5, 4, 3, 0, 1), HALFSPREAD_FORM(6, 3, 4, 0, 1),
        HALFSPREAD_NO_FORM, HALFSPREAD_NO_FORM, HALFSPREAD_NO_FORM,
        HALFSPREAD_NO_FORMS, HALFSPREAD_NO_FORMS, HALFSPREAD_NO_FORMS,
        HALFSPREAD_NO_FORMS, HALFSPREAD_NO_FORMS};

    /* Two numbers, each with the form it has and the word its text ends in. Returns
       whether they are of their forms. */
    static inline int halfspread_digits_of_two(
            const halfspread_form *a, const char *a_word,
            const halfspread_form *b, const char *b_word, uint32_t *out) {
    #ifdef HALFSPREAD_LEVEL_SSE2
    #define HALFSPREAD_BOTH(low, high) _mm_castpd_si128(_mm_loadh_pd( \\
            _mm_castsi128_pd(_mm_loadl_epi64((const __m128i *)(low))), \\
            (const double *)(high)))
        __m128i v, w, tens = _mm_set1_epi16(10 << 8 | 1);
        uint64_t both;
        int odd;
        v = HALFSPREAD_BOTH(a_word, b_word);
        v = _mm_and_si128(v, HALFSPREAD_BOTH(&a->kept, &b->kept));
        v = _mm_xor_si128(v, HALFSPREAD_BOTH(&a->zeros, &b->zeros));
        odd = _mm_movemask_epi8(_mm_or_si128(
            v, _mm_add_epi8(v, HALFSPREAD_BOTH(&a->odd, &b->odd))));
        w = _mm_and_si128(v, HALFSPREAD_BOTH(&a->before, &b->before));
        v = _mm_and_si128(v, HALFSPREAD_BOTH(&a->behind, &b->behind));
        v = _mm_or_si128(v, _mm_slli_epi64(w, 8));
        /* Twos, fours, all eight: the first byte of each counts most. The compiler is
           not to know the factor, for it would add shifts where there is a product. */
    #ifdef __GNUC__
        __asm__("" : "+x"(tens));
    #endif
        v = _mm_srli_epi16(_mm_mullo_epi16(v, tens), 8);
        v = _mm_madd_epi16(v, _mm_set1_epi32(1 << 16 | 100));
        v = _mm_packs_epi32(v, v);
        v = _mm_madd_epi16(v, _mm_set1_epi32(1 << 16 | 10000));
        both = (uint64_t)_mm_cvtsi128_si64(v);
        out[0] = (uint32_t)both;
        out[1] = (uint32_t)(both >> 32);
        return odd == 0 && out[0] >= a->least && out[1] >= b->least;
    #else
        for (int i = 0; i < 2; i++) {
            const halfspread_form *form = i ? b : a;
            uint64_t v;
            memcpy(&v, i ? b_word : a_word, 8);
    #if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
            v = __builtin_bswap64(v);
    #endif
            v = (v & form->kept) ^ form->zeros;
            if (((v + form->odd) | v) & HALFSPREAD_ALL(0x80)) return 0;
            v = (v & form->before) << 8 | (v & form->behind);
            v = v * 10 + (v >> 8);
            v = ((v & 0x000000FF000000FFULL) * 0x000F424000000064ULL
                 + ((v >> 16) & 0x000000FF000000FFULL) * 0x0000271000000001ULL) >> 32;
            if (v < form->least) return 0;
            out[i] = (uint32_t)v;
        }
        return 1;
    #endif
    }

    typedef struct {
        uint32_t digits[2];     /* of the price and of the amount */
        int64_t places[2];      /* how many of them are behind the point */
        uint64_t keep;          /* 0 for a delete, all bits for the others */
        const char *end;
    } halfspread_level;

    /* `ends`: which of the 32 bytes from p are commas or closing brackets. Sixteen from
       where the price begins would do as a rule and spare a dozen instructions, but
       they would wait for the action, and the next level for them: 12 % slower. */
    static inline int halfspread_read_level(
            const char *p, uint64_t ends, halfspread_level *out) {
        const halfspread_action *action = &halfspread_actions[p[2] & 3];
        const halfspread_form *price, *amount;
        const char *second, *last;
        uint64_t text;
        uint16_t opening;
        size_t place;
        uint32_t price_power, amount_power;
        memcpy(&text, p + 2, 8);
        memcpy(&opening, p, 2);
    #if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        text = __builtin_bswap64(text);
        opening = __builtin_bswap16(opening);
    #endif
        if (((text ^ action->text) & action->mask) || opening != ('[' | '"' << 8))
            return 0;
        ends &= ends - 1;
        ends |= (uint64_t)3 << 32;
        second = p + __builtin_ctzll(ends);
        place = (size_t)__builtin_ctzll(ends & (ends - 1));
        last = p + place;
        if (place >= 32 || *second != ',' || *last != ']') return 0;
        price = &halfspread_forms[
            (size_t)(second - p) - action->start + ((size_t)(second[-2] == 'e') << 5)];
        amount = &halfspread_forms[
            (size_t)(last - second) - 1 + ((size_t)(last[-2] == 'e') << 5)];
        /* Found once: the compiler is not to work them out again at each use. */
    #ifdef __GNUC__
        __asm__("" : "+r"(price), "+r"(amount));
    #endif
        price_power = ((uint32_t)(unsigned char)second[-1] - '0') & price->power;
        amount_power = ((uint32_t)(unsigned char)last[-1] - '0') & amount->power;
        if (price_power > 9 || amount_power > 9) return 0;
        out->keep = action->keep;
        out->places[0] = price->places - price_power;
        out->places[1] = amount->places - amount_power;
        out->end = last + 1;
        return halfspread_digits_of_two(
            price, second - price->end, amount, last - amount->end, out->digits);
    }
    """
    ctypedef struct LevelText "halfspread_level":
        uint32_t[2] digits     # of the price and of the amount, below 10**7
        int64_t[2] places      # how many of them are behind the point, less the power
        uint64_t keep          # 0 for a delete, all bits for the other actions
        const char* end        # one past its closing bracket

    # Read a level from 32 readable bytes; `ends` says where in them commas and closing
    # brackets are. False: not of this form; numbers are 123.4 or 1.23e4, of 8 bytes at
    # most, and every byte of the level has been looked at.
    bint read_level "halfspread_read_level"(
        const char* p, uint64_t ends, LevelText* out) noexcept nogil
