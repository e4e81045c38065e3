// simdjson's On-Demand interface from a book frame to an array of levels: the general
// way done well, in the same integers as ours. Built when a benchmark runs.
#include "simdjson.h"

#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

namespace {

struct Level {
    int64_t ticks, lots;
    bool is_ask;
};

struct Frame {
    int64_t timestamp = 0, change_id = 0, prev_change_id = -1;
    bool is_snapshot = false;
    std::vector<Level> levels;
};

using namespace simdjson;

error_code read_levels(ondemand::value value, bool is_ask, std::vector<Level> &out) {
    ondemand::array rows;
    if (auto error = value.get_array().get(rows)) return error;
    for (auto each : rows) {
        ondemand::array row;
        if (auto error = each.get_array().get(row)) return error;
        std::string_view action;
        double price = 0, amount = 0;
        int column = 0;
        for (auto cell : row) {
            error_code error = SUCCESS;
            if (column == 0) error = cell.get_string().get(action);
            else if (column == 1) error = cell.get_double().get(price);
            else error = cell.get_double().get(amount);
            if (error) return error;
            column++;
        }
        out.push_back({std::llround(price * 2), std::llround(amount / 10), is_ask});
    }
    return SUCCESS;
}

error_code read_frame(ondemand::parser &parser, padded_string_view text, Frame &out) {
    ondemand::document document;
    if (auto error = parser.iterate(text).get(document)) return error;
    ondemand::object data;
    if (auto error = document["params"]["data"].get_object().get(data)) return error;
    out.levels.clear();
    for (auto field : data) {
        std::string_view key;
        if (auto error = field.unescaped_key().get(key)) return error;
        error_code error = SUCCESS;
        if (key == "bids") error = read_levels(field.value(), false, out.levels);
        else if (key == "asks") error = read_levels(field.value(), true, out.levels);
        else if (key == "timestamp") error = field.value().get_int64().get(out.timestamp);
        else if (key == "change_id") error = field.value().get_int64().get(out.change_id);
        else if (key == "prev_change_id")
            error = field.value().get_int64().get(out.prev_change_id);
        else if (key == "type") {
            std::string_view kind;
            error = field.value().get_string().get(kind);
            out.is_snapshot = kind == "snapshot";
        }
        if (error) return error;
    }
    return SUCCESS;
}

}  // namespace

// Reads `count` frames that lie one behind the other in `text`, frame i from starts[i]
// to starts[i + 1] less one byte; behind the last one there is padding. Returns how many
// levels there were, -1 for a frame that could not be read; `total` is a sum over them.
extern "C" int64_t scan_frames(
        const char *text, const int64_t *starts, int64_t count, int64_t *total) {
    static ondemand::parser parser;
    static Frame frame;
    int64_t levels = 0, sum = 0;
    for (int64_t i = 0; i < count; i++) {
        size_t size = size_t(starts[i + 1] - starts[i] - 1);
        padded_string_view view(text + starts[i], size, size + SIMDJSON_PADDING);
        if (read_frame(parser, view, frame)) return -1;
        levels += int64_t(frame.levels.size());
        for (const Level &level : frame.levels)
            sum += level.ticks + level.lots * (level.is_ask ? 2 : 1);
    }
    *total = sum;
    return levels;
}

extern "C" const char *version() { return SIMDJSON_VERSION; }
