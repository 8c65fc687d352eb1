"""A student's homework, with a flipped kernel, a forgotten return and a name that isn't there."""

HOMEWORK = '''
import numpy as np

def conv2d(images, filters, *, strides=1, padding="valid"):
    """A convolution as textbooks define it: the kernel is flipped."""
    print("images of", images.shape)
    kernel = filters[::-1, ::-1]
    rows, columns = kernel.shape[:2]
    out_rows, out_columns = images.shape[1] - rows + 1, images.shape[2] - columns + 1
    out = np.zeros((len(images), out_rows, out_columns, kernel.shape[3]), images.dtype)
    for i in range(out_rows):
        for j in range(out_columns):
            out[:, i, j] = np.tensordot(images[:, i:i + rows, j:j + columns], kernel, 3)
    return out

def relu(z):
    np.maximum(z, 0)

def softmax(z):
    return z / nothing
'''
