// Handles with owners, and errors as exceptions, in a few lines of C++17.
//
//     c++ -std=c++17 -Iinclude examples/decide.cpp -L../../target/release -lportcullis -o decide
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "portcullis.h"

namespace {

template <auto Free> struct Freed {
    template <typename T> void operator()(T *own) const { Free(own); }
};
template <typename T, auto Free> using Handle = std::unique_ptr<T, Freed<Free>>;
using Image = Handle<pc_image, pc_image_free>;
using Authorizer = Handle<pc_authorizer, pc_authorizer_free>;

pc_text text(std::string_view own) { return {own.data(), own.size()}; }

// Calls a function of the library with a place for its error, which is thrown.
template <typename Call> auto checked(Call call) {
    pc_error *error = nullptr;
    auto result = call(&error);
    if (error != nullptr) {
        pc_text told = pc_error_text(error);
        std::string what(told.data, told.length);
        pc_error_free(error);
        throw std::runtime_error(what);
    }
    return result;
}

Image compile(std::string_view name, std::string_view policy) {
    pc_document document{};
    document.layer = PC_LAYER_IDENTITY;
    document.name = text(name);
    document.content = text(policy);
    return Image(checked([&](pc_error **error) { return pc_compile(&document, 1, error); }));
}

} // namespace

int main() {
    try {
        compile("typo", R"({"Statement": {"Effect": "Deny", "Action": "s3:*", "Resorce": "*"}})");
        return 1;
    } catch (const std::runtime_error &error) {
        std::puts(error.what());
    }

    Image compiled = compile("reader", R"({"Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::reports/*"}})");
    // As a file that was written and read again.
    pc_bytes bytes = pc_image_bytes(compiled.get());
    std::vector<std::uint8_t> file(bytes.data, bytes.data + bytes.length);
    Image image(checked([&](pc_error **error) { return pc_image_open({file.data(), file.size()}, error); }));
    const pc_image *images[] = {image.get()};
    Authorizer authorizer(checked([&](pc_error **error) { return pc_authorizer_new(images, 1, error); }));

    pc_request request{};
    request.principal = text("arn:aws:iam::111122223333:user/ann");
    request.action = text("s3:GetObject");
    request.resource = text("arn:aws:s3:::reports/q1.csv");
    auto decide = [&] { return checked([&](pc_error **error) { return pc_decide(authorizer.get(), &request, error); }); };
    bool is_read = decide().code == PC_ALLOW;
    request.action = text("s3:PutObject");
    bool is_written = decide().code == PC_ALLOW;
    std::printf("read: %d, write: %d\n", is_read, is_written);
    return is_read && !is_written ? 0 : 1;
}
